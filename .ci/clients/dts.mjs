// Holds a DTS endpoint to what Tencent's SDK for Node.js makes of its answers,
// in every way that the SDK signs and sends, in both generations of the API.
//
// DTS_ENDPOINT is the endpoint's URL. The jobs are those of testdata/jobs.json.

import services from "tencentcloud-sdk-nodejs/tencentcloud/services/dts/index.js"
import { assert, credential, finish, refused, variable } from "./assert.mjs"

const endpoint = new URL(variable("DTS_ENDPOINT"))
const generations = {
  "2018-03-30": { Client: services.dts.v20180330.Client, read: "DescribeMigrateCheckJob", done: "finished", passed: 1 },
  "2021-12-06": { Client: services.dts.v20211206.Client, read: "DescribeMigrationCheckJob", done: "success", passed: "checkPass" },
}

// What can come of a call, and the code that the SDK's exception has to bear.
const refusals = {
  "unknown job": { request: { JobId: "dts-unknown0" }, code: "ResourceNotFound.JobNotExist" },
  "job in migration": { request: { JobId: "dts-in-migration" }, code: "FailedOperation.NotAllowOperation" },
  "wrong key": { credential: { secretKey: "x" }, code: "AuthFailure.SignatureFailure" },
  "wrong SecretId": { credential: { secretId: "x" }, code: "AuthFailure.SecretIdNotFound" },
  "wrong token": { credential: { token: "x" }, code: "AuthFailure.TokenFailure" },
  "missing parameter": { request: {}, code: "MissingParameter" },
}

function client(version, signMethod, reqMethod, otherCredential) {
  return new generations[version].Client({
    credential: { ...credential, ...otherCredential },
    region: "ap-guangzhou",
    profile: {
      signMethod,
      httpProfile: { reqMethod, protocol: endpoint.protocol + "//", endpoint: endpoint.host, reqTimeout: 10 },
    },
  })
}

for (const signMethod of ["TC3-HMAC-SHA256", "HmacSHA1", "HmacSHA256"]) {
  for (const reqMethod of ["GET", "POST"]) {
    for (const [version, generation] of Object.entries(generations)) {
      const way = `${signMethod} ${reqMethod} ${version}`
      const request = { JobId: "dts-passes-at-once" }

      await assert(`${way} success`, async () => {
        const answer = await client(version, signMethod, reqMethod).CreateMigrateCheckJob(request)
        if (!/^[0-9a-f-]{36}$/.test(answer.RequestId)) return `RequestId ${answer.RequestId}`
      })
      await assert(`${way} verdict`, async () => {
        const answer = await client(version, signMethod, reqMethod)[generation.read](request)
        if (answer.Status !== generation.done || answer.CheckFlag !== generation.passed) return JSON.stringify(answer)
      })
      for (const [name, refusal] of Object.entries(refusals)) {
        await assert(`${way} ${name}`, () =>
          refused(refusal.code, () =>
            client(version, signMethod, reqMethod, refusal.credential).CreateMigrateCheckJob(refusal.request ?? request)))
      }
    }
  }
}

finish()
