// What the clients have in common: their settings, from the environment, and
// assertions that are counted.

import exceptions from "tencentcloud-sdk-nodejs/tencentcloud/common/exception/tencent_cloud_sdk_exception.js"

// Returns a variable of the environment, which has to be set.
export function variable(name) {
  const value = process.env[name]
  if (!value) {
    console.error(`${name} is not set`)
    process.exit(2)
  }
  return value
}

// A key that the service knows.
export const credential = {
  secretId: variable("TENCENTCLOUD_SECRET_ID"),
  secretKey: variable("TENCENTCLOUD_SECRET_KEY"),
  token: variable("TENCENTCLOUD_TOKEN"),
}

let passed = 0
let failed = 0

// Runs one assertion, whose function returns what is wrong, if anything.
export async function assert(name, check) {
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

// Tells what is wrong with a call that was to be refused with a code.
export async function refused(code, call) {
  let answer
  try {
    answer = await call()
  } catch (e) {
    if (!(e instanceof exceptions.default)) throw e
    if (e.code !== code) return `code ${e.code}, want ${code}`
    if (!/^[0-9a-f-]{36}$/.test(e.requestId)) return `requestId ${e.requestId}`
    return
  }
  return `answered ${JSON.stringify(answer)}, want ${code}`
}

// Tells the count, and ends with status 1 if an assertion failed.
export function finish() {
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed > 0 ? 1 : 0)
}
