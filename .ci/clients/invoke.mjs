// Holds the local SCF API to what Tencent's SDK for Node.js makes of its
// answers: synchronous and asynchronous invocations, and refusals.
//
// SCF_ENDPOINT is the API's URL, DEAD_LETTERS the file of events that were
// given up. The function is migrate-check, the jobs are those of
// testdata/jobs.json.

import { readFile } from "node:fs/promises"
import { setTimeout as sleep } from "node:timers/promises"
import services from "tencentcloud-sdk-nodejs/tencentcloud/services/scf/index.js"
import { assert, credential, finish, refused, variable } from "./assert.mjs"

const endpoint = new URL(variable("SCF_ENDPOINT"))
const deadLetters = variable("DEAD_LETTERS")
const FunctionName = "migrate-check"
const event = (job) => JSON.stringify({ JobId: job })

function client(signMethod = "TC3-HMAC-SHA256", otherCredential) {
  return new services.scf.v20180416.Client({
    credential: { ...credential, ...otherCredential },
    region: "ap-guangzhou",
    profile: {
      signMethod,
      httpProfile: { protocol: endpoint.protocol + "//", endpoint: endpoint.host, reqTimeout: 30 },
    },
  })
}

// Tells what is wrong with the Result of a synchronous invocation that was to
// succeed.
function wrongWith(result) {
  if (result.ErrMsg || result.InvokeResult !== 0) return JSON.stringify(result)
  if (!(result.Duration > 0) || !(result.BillDuration > 0) || !result.FunctionRequestId) return JSON.stringify(result)
  if (!/^[0-9a-f-]{36}$/.test(JSON.parse(result.RetMsg).RequestId)) return `RetMsg ${result.RetMsg}`
}

// Reads the dead letter of a request, for which it waits.
async function deadLetter(requestId) {
  for (let i = 0; i < 200; i++) {
    const lines = (await readFile(deadLetters, "utf8")).split("\n").filter(Boolean)
    const letter = lines.map((line) => JSON.parse(line)).find((l) => l.requestId === requestId)
    if (letter) return letter
    await sleep(50)
  }
  throw new Error("there is no dead letter")
}

for (const signMethod of ["TC3-HMAC-SHA256", "HmacSHA1", "HmacSHA256"]) {
  await assert(`${signMethod} Invoke`, async () => {
    const { Result } = await client(signMethod).Invoke({ FunctionName, ClientContext: event("dts-passes-at-once") })
    return wrongWith(Result)
  })
  await assert(`${signMethod} InvokeFunction`, async () => {
    const { Result } = await client(signMethod).InvokeFunction({ FunctionName, Event: event("dts-passes-at-once") })
    return wrongWith(Result)
  })
  await assert(`${signMethod} wrong key`, () =>
    refused("AuthFailure.SignatureFailure", () =>
      client(signMethod, { secretKey: "x" }).Invoke({ FunctionName, ClientContext: event("dts-passes-at-once") })))
}

await assert("log on demand", async () => {
  const { Result } = await client().InvokeFunction({ FunctionName, Event: event("dts-passes-at-once"), LogType: "Tail" })
  if (!Result.Log.includes(Result.FunctionRequestId)) return `Log ${Result.Log}`
})

await assert("function error", async () => {
  const { Result } = await client().Invoke({ FunctionName, ClientContext: event("dts-unknown0") })
  const said = JSON.parse(Result.RetMsg)
  if (!Result.ErrMsg.includes("ResourceNotFound.JobNotExist") || said.statusCode !== 430) return JSON.stringify(Result)
})

await assert("asynchronous", async () => {
  const { Result } = await client().Invoke({
    FunctionName, InvocationType: "Event", ClientContext: event("dts-slow-takes-2-minutes"),
  })
  if (!Result.FunctionRequestId || Result.RetMsg || Result.ErrMsg) return JSON.stringify(Result)
  for (let i = 0; i < 200; i++) {
    const read = await client().Invoke({
      FunctionName,
      ClientContext: JSON.stringify({ JobId: "dts-slow-takes-2-minutes", Action: "DescribeMigrateCheckJob" }),
    })
    if (["starting", "running"].includes(JSON.parse(read.Result.RetMsg).Check.Status)) return
    await sleep(50)
  }
  return "no check was created"
})

await assert("asynchronous, given up", async () => {
  const { Result } = await client().Invoke({
    FunctionName, InvocationType: "Event", ClientContext: event("dts-unknown0"),
  })
  const letter = await deadLetter(Result.FunctionRequestId)
  if (letter.event.JobId !== "dts-unknown0" || letter.tries.length !== 3) return JSON.stringify(letter)
})

await assert("unknown function", () =>
  refused("ResourceNotFound.FunctionName", () => client().Invoke({ FunctionName: "other", ClientContext: "{}" })))
await assert("event that is no JSON", () =>
  refused("InvalidParameterValue.ClientContext", () => client().Invoke({ FunctionName, ClientContext: "dts-passes-at-once" })))

finish()
