// The function's page in a browser: what it shows, that opening it creates
// nothing, and that its button does.

import { chromium } from "playwright-core"
import { assert, finish, variable } from "./assert.mjs"

const url = variable("FUNCTION_URL")
const chinese = process.env.DTS_LANGUAGE === "zh-CN"
const words = chinese
  ? { lang: "zh-CN", notPassed: "未通过", message: "4 个检查项中有 2 个未通过" }
  : { lang: "en-US", notPassed: "Not passed", message: "2 of 4 steps failed" }

const browser = await chromium.launch({
  executablePath: variable("CHROMIUM"),
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
})
const complaints = []
const requests = []
const page = await browser.newPage({ viewport: { width: 375, height: 700 } })
page.on("console", (message) => message.type() === "log" || complaints.push(message.text()))
page.on("pageerror", (error) => complaints.push(error.message))
page.on("requestfailed", (request) => complaints.push(`${request.url()} failed`))
page.on("request", (request) => requests.push(request.url()))

// What is folded is there, too.
const text = () => page.locator("body").textContent()
const lacks = (whole, parts) => parts.filter((part) => !whole.includes(part)).map((part) => `no ${part} in\n${whole}`)[0]

await assert("a board of all jobs", async () => {
  const response = await page.goto(`${url}/?Action=DescribeMigrateCheckJob&Select`)
  if (response.status() !== 200) return `status ${response.status()}`
  return lacks(await text(), ["dts-1kl0iy0v", "orders", "dts-migrate1", "订单库迁移（华南）", "<script>alert(1)</script>"])
})

await assert("its counts are links", async () => {
  for (const link of await page.locator("nav.tiles a").all()) {
    const href = await link.getAttribute("href")
    if ((await page.locator(`section h2${href}`).count()) !== 1) return href
  }
  if ((await page.locator("nav.tiles a").count()) < 3) return "fewer than three counts"
})

await assert("its language", async () => {
  const lang = await page.locator("html").getAttribute("lang")
  if (lang !== words.lang) return `${lang}`
})

await assert("it fits a phone", async () => {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  if (wide > 0) return `${wide} pixels too wide`
})

await assert("dark and light", async () => {
  const colours = []
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme })
    colours.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor))
  }
  if (colours[0] === colours[1]) return `both ${colours[0]}`
})

await assert("opening a page creates nothing", async () => {
  for (let i = 0; i < 2; i++) {
    await page.goto(`${url}/?JobId=dts-several1&Wait=true`)
  }
  if ((await page.locator("form button").count()) !== 1) return "no button"
  const whole = await text()
  if (whole.includes(words.notPassed) || whole.includes("DuplicateJob")) return whole
})

await assert("the button creates the check and shows its verdict", async () => {
  await page.locator("form button").click()
  await page.waitForLoadState()
  return lacks(await text(), ["dts-several1", words.notPassed, words.message])
})

await assert("a job opens and closes without a script", async () => {
  const job = page.locator("main details", { hasText: "dts-several1" }).first()
  for (const open of [true, false, true]) {
    if (((await job.getAttribute("open")) !== null) !== open) return `open: ${!open}`
    await job.locator("> summary").click()
  }
})

await assert("nothing comes from elsewhere", async () => requests.filter((r) => !r.startsWith(url) && !r.startsWith("data:"))[0])

await assert("no complaint in the console", async () => complaints[0])

await browser.close()
finish()
