import chromium from '@sparticuz/chromium'
import { type Browser, chromium as playwright } from 'playwright-core'

/** What the package switches off, and every user's browser has: a page may not read what is of another origin. */
const unsafe = ['--disable-web-security', '--allow-running-insecure-content']

/** A real Chromium, from the npm package, that holds pages to their origins. Dispose of it with `await using`. */
export const openBrowser = async (): Promise<Browser> =>
  playwright.launch({
    executablePath: await chromium.executablePath(),
    args: chromium.args.filter((arg) => !unsafe.includes(arg)),
    headless: true,
  })
