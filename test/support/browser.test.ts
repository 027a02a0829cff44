import { expect, test } from 'bun:test'
import { openBrowser } from './browser.ts'

test('a page runs in a real Chromium', async () => {
  await using browser = await openBrowser()
  const page = await browser.newPage()
  await page.setContent('<h1>Sheaf</h1>')
  expect(await page.evaluate(() => document.querySelector('h1')?.textContent)).toBe('Sheaf')
})
