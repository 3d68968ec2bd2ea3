// Holds a DTS endpoint to what Tencent's SDK for Node.js makes of its answers,
// in every way that the SDK signs and sends, in both generations of the API.
//
// DTS_ENDPOINT is the endpoint's URL. The jobs are those of testdata/jobs.json.

import { setTimeout as sleep } from "node:timers/promises"
import services from "tencentcloud-sdk-nodejs/tencentcloud/services/dts/index.js"
import { assert, credential, finish, refused, variable } from "./assert.mjs"

const endpoint = new URL(variable("DTS_ENDPOINT"))
const generations = {
  "2018-03-30": {
    Client: services.dts.v20180330.Client, read: "DescribeMigrateCheckJob", done: "finished", passed: 1, list: "DescribeMigrateJobs",
    statuses: { created: 1, checkPass: 4, checkNotPass: 5, readyRun: 6, running: 7 },
  },
  "2021-12-06": {
    Client: services.dts.v20211206.Client, read: "DescribeMigrationCheckJob", done: "success", passed: "checkPass", list: "DescribeMigrationJobs",
    statuses: { created: "created", checkPass: "checkPass", checkNotPass: "checkNotPass", readyRun: "readyRun", running: "running" },
  },
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

// What StartMigrateJob is refused for.
const startRefusals = {
  "start of a job that was not checked": { request: { JobId: "dts-never-configured" }, code: "FailedOperation.NotAllowOperation" },
  "start of a job that did not pass": { request: { JobId: "dts-passes-now" }, code: "FailedOperation.NotAllowOperation" },
  "start of a job in migration": { request: { JobId: "dts-in-migration" }, code: "InternalError.DuplicateJob" },
  "start of an unknown job": { request: { JobId: "dts-unknown0" }, code: "ResourceNotFound.JobNotExist" },
}

// What CreateCheckSyncJob is refused for.
const syncRefusals = {
  "unknown job": { JobId: "sync-unknown0", code: "ResourceNotFound.ResourceNotFoundError" },
  migration: { JobId: "dts-passes-now", code: "ResourceNotFound.ResourceNotFoundError" },
  "job that is not configured": { JobId: "sync-never-configured", code: "UnsupportedOperation.UnsupportedOperationError" },
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

// Reads until the reading is as it should be, and tells what it was last if it
// never is.
async function until(read, done) {
  let answer
  for (let i = 0; i < 400; i++) {
    answer = await read()
    if (done(answer)) return
    await sleep(10)
  }
  return JSON.stringify(answer)
}

const ids = (answer) => (answer.JobList ?? []).map((job) => job.JobId).join(" ")

for (const signMethod of ["TC3-HMAC-SHA256", "HmacSHA1", "HmacSHA256"]) {
  for (const reqMethod of ["GET", "POST"]) {
    for (const [version, generation] of Object.entries(generations)) {
      const way = `${signMethod} ${reqMethod} ${version}`
      const sdk = client(version, signMethod, reqMethod)
      const request = { JobId: "dts-passes-at-once" }

      await assert(`${way} success`, async () => {
        const answer = await sdk.CreateMigrateCheckJob(request)
        if (!/^[0-9a-f-]{36}$/.test(answer.RequestId)) return `RequestId ${answer.RequestId}`
      })
      await assert(`${way} verdict`, () =>
        until(() => sdk[generation.read](request), (answer) => answer.Status === generation.done && answer.CheckFlag === generation.passed))
      for (const [name, refusal] of Object.entries(refusals)) {
        await assert(`${way} ${name}`, () =>
          refused(refusal.code, () =>
            client(version, signMethod, reqMethod, refusal.credential).CreateMigrateCheckJob(refusal.request ?? request)))
      }
      for (const [name, refusal] of Object.entries(startRefusals)) {
        await assert(`${way} ${name}`, () => refused(refusal.code, () => sdk.StartMigrateJob(refusal.request)))
      }

      await assert(`${way} list`, async () => {
        const answer = await sdk[generation.list]({ Offset: 1, Limit: 3 })
        if (ids(answer) !== "dts-starts-tomorrow dts-own-steps dts-always-an-error") return ids(answer)
        if (answer.TotalCount !== 10) return `TotalCount ${answer.TotalCount}`
      })
      await assert(`${way} list of a page behind the last`, async () => {
        const answer = await sdk[generation.list]({ Offset: 100 })
        if (answer.JobList !== null || answer.TotalCount !== 10) return JSON.stringify(answer)
      })
      await assert(`${way} list by tag and name`, async () => {
        const answer = await sdk[generation.list]({ JobName: "orders", TagFilters: [{ TagKey: "env", TagValue: ["test", "prod"] }, { TagKey: "team", TagValue: ["shop"] }] })
        if (ids(answer) !== "dts-passes-now") return ids(answer)
        const job = answer.JobList[0]
        if (job.Status !== generation.statuses.checkNotPass || job.JobName !== "orders") return JSON.stringify(job)
        if (job.Tags[0].TagKey !== "env" || job.Tags[0].TagValue !== "prod") return JSON.stringify(job.Tags)
      })
      await assert(`${way} list of too many`, () =>
        refused("InvalidParameterValue.InvalidParameterValueError", () => sdk[generation.list]({ Limit: 101 })))
    }

    const way = `${signMethod} ${reqMethod} 2021-12-06`
    const sdk = client("2021-12-06", signMethod, reqMethod)
    await assert(`${way} list by status`, async () => {
      const answer = await sdk.DescribeMigrationJobs({ Status: ["created", "checkNotPass"], SrcDatabaseType: ["mysql"], OrderSeq: "asc" })
      if (!ids(answer).startsWith("dts-passes-now dts-passes-after-3-seconds dts-does-not-pass")) return ids(answer)
      if (ids(answer).includes("dts-in-migration")) return ids(answer)
    })
    await assert(`${way} detail`, async () => {
      const answer = await sdk.DescribeMigrationDetail({ JobId: "dts-passes-now" })
      if (answer.Status !== "checkNotPass" || !answer.Action.AllowedAction.includes("check")) return JSON.stringify(answer)
      if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(answer.CheckStepInfo.EndAt)) return JSON.stringify(answer.CheckStepInfo)
    })
    const sync = { JobId: "sync-passes-with-warnings" }
    await assert(`${way} sync success`, async () => {
      const answer = await sdk.CreateCheckSyncJob(sync)
      if (!/^[0-9a-f-]{36}$/.test(answer.RequestId)) return `RequestId ${answer.RequestId}`
    })
    await assert(`${way} sync verdict`, () => until(() => sdk.DescribeCheckSyncJobResult(sync), (answer) => {
      const [connected, privileges] = answer.StepInfos
      return answer.Status === "success" && connected.Warnings === null && privileges.Status === "finished" &&
        privileges.Warnings[0].Message === "more privileges than needed"
    }))
    await assert(`${way} sync list`, async () => {
      const answer = await sdk.DescribeSyncJobs({ Order: "CreateTime", OrderSeq: "ASC" })
      if (ids(answer) !== "sync-passes-with-warnings sync-breaks-down sync-never-configured" || answer.TotalCount !== 3) return ids(answer)
    })
    await assert(`${way} sync list by ids, tag, status and type`, async () => {
      const answer = await sdk.DescribeSyncJobs({
        JobIds: ["sync-breaks-down", "sync-passes-with-warnings"], TagFilters: [{ TagKey: "env", TagValue: ["prod"] }],
        Status: ["CheckPass", "CheckNotPass"], JobType: "mysql2mysql",
      })
      if (ids(answer) !== "sync-passes-with-warnings") return ids(answer)
      const [job] = answer.JobList
      if (job.Status !== "CheckPass" || job.JobName !== "orders to Shanghai" || !job.Actions.includes("start")) return JSON.stringify(job)
    })
    for (const [name, { JobId, code }] of Object.entries(syncRefusals)) {
      await assert(`${way} sync ${name}`, () => refused(code, () => sdk.CreateCheckSyncJob({ JobId })))
    }
    await assert(`${way} detail of an unknown job`, () =>
      refused("ResourceNotFound.JobNotExist", () => sdk.DescribeMigrationDetail({ JobId: "dts-unknown0" })))
  }
}

// A job can be started once: each generation starts one.
const starts = {
  "2018-03-30": { JobId: "dts-passes-at-once", status: "running" },
  "2021-12-06": { JobId: "dts-starts-tomorrow", status: "readyRun" },
}
for (const [version, { JobId, status }] of Object.entries(starts)) {
  const generation = generations[version]
  const sdk = client(version, "TC3-HMAC-SHA256", "POST")
  await assert(`${version} start`, async () => {
    const answer = await sdk.StartMigrateJob({ JobId })
    if (!/^[0-9a-f-]{36}$/.test(answer.RequestId)) return `RequestId ${answer.RequestId}`
  })
  await assert(`${version} started`, async () => {
    const answer = await sdk[generation.list]({ JobId })
    if (answer.JobList[0].Status !== generation.statuses[status]) return JSON.stringify(answer.JobList[0].Status)
  })
  await assert(`${version} start once more`, () => refused("InternalError.DuplicateJob", () => sdk.StartMigrateJob({ JobId })))
}

finish()
