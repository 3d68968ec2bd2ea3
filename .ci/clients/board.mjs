// Takes the README's picture: the page of a night, in which every job that awaits
// a check gets one, down to the jobs that need a person, closed. So it is no higher
// than a screen.

import { chromium } from "playwright-core"
import { variable } from "./assert.mjs"

const browser = await chromium.launch({ executablePath: variable("CHROMIUM"), args: ["--no-sandbox", "--disable-gpu"] })
const page = await browser.newPage({ viewport: { width: 1000, height: 700 } })
await page.goto(variable("FUNCTION_URL"))
await page.evaluate(() => {
  document.body.innerHTML = '<form method="post"><input name="Select" value="true"><input name="Wait" value="true"></form>'
  document.forms[0].submit()
})
await page.waitForSelector("main details")
await page.evaluate(() => document.querySelectorAll("main details").forEach((job) => job.removeAttribute("open")))
const jobs = await page.locator("main section", { has: page.locator("details") }).first().boundingBox()
await page.screenshot({ path: variable("PICTURE"), fullPage: true, clip: { x: 0, y: 0, width: 1000, height: jobs.y + jobs.height + 16 } })
await browser.close()
