// Holds a DTS endpoint to what Tencent's SDK for Node.js makes of its answers,
// in every way that the SDK signs and sends, in both generations of the API.
//
// DTS_ENDPOINT is the endpoint's URL; TENCENTCLOUD_SECRET_ID,
// TENCENTCLOUD_SECRET_KEY and TENCENTCLOUD_TOKEN are a key that it knows. The
// jobs are those of testdata/jobs.json.

import services from "tencentcloud-sdk-nodejs/tencentcloud/services/dts/index.js"
import exceptions from "tencentcloud-sdk-nodejs/tencentcloud/common/exception/tencent_cloud_sdk_exception.js"

function variable(name) {
  const value = process.env[name]
  if (!value) {
    console.error(`check.mjs: ${name} is not set`)
    process.exit(2)
  }
  return value
}

const endpoint = new URL(variable("DTS_ENDPOINT"))
const credential = {
  secretId: variable("TENCENTCLOUD_SECRET_ID"),
  secretKey: variable("TENCENTCLOUD_SECRET_KEY"),
  token: variable("TENCENTCLOUD_TOKEN"),
}

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

let passed = 0
let failed = 0

// Runs one assertion, whose function returns what is wrong, if anything.
async function assert(name, check) {
  let wrong
  try {
    wrong = await check()
  } catch (e) {
    wrong = `${e.code ?? e.name}: ${e.message}`
  }
  if (wrong) {
    failed++
    console.log(`FAIL ${name}: ${wrong}`)
  } else {
    passed++
    console.log(`ok   ${name}`)
  }
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
        await assert(`${way} ${name}`, async () => {
          let answer
          try {
            answer = await client(version, signMethod, reqMethod, refusal.credential).CreateMigrateCheckJob(refusal.request ?? request)
          } catch (e) {
            if (!(e instanceof exceptions.default)) throw e
            if (e.code !== refusal.code) return `code ${e.code}, want ${refusal.code}`
            if (!/^[0-9a-f-]{36}$/.test(e.requestId)) return `requestId ${e.requestId}`
            return
          }
          return `answered ${JSON.stringify(answer)}, want ${refusal.code}`
        })
      }
    }
  }
}

console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
