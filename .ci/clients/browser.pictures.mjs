// Takes pictures of pages: node browser.pictures.mjs FOLDER takes one of each page in the
// folder as a desktop and as a phone shows it, dark and light, and says how high
// the page is and how much wider than the window.

import { readdirSync } from "node:fs"
import { chromium } from "playwright-core"

const [folder] = process.argv.slice(2)
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] })
for (const file of readdirSync(folder).filter((name) => name.endsWith(".html"))) {
  for (const [screen, width, height] of [["desktop", 1280, 800], ["phone", 390, 844]]) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme })
      await page.goto(`file://${folder}/${file}`)
      const [high, wide] = await page.evaluate(() => [document.documentElement.scrollHeight, document.documentElement.scrollWidth - window.innerWidth])
      console.log(`${file} ${screen} ${colorScheme}: ${high} high, ${wide} too wide`)
      await page.screenshot({ path: `${folder}/${file.replace(".html", "")}.${screen}.${colorScheme}.png`, fullPage: true })
      await page.close()
    }
  }
}
await browser.close()
