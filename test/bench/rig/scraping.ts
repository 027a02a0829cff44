import type { Address } from './sheaf.ts'

/** As one who watches closely has it; by default Prometheus comes every 15 s. */
const everyMs = 1_000

/** Does the work while the metrics of the server are asked for, at once and then once a second. */
export const scraping = async <T>({ url }: Address, work: () => Promise<T>): Promise<T> => {
  let scraped = scrape(url)
  const timer = setInterval(() => {
    scraped = Promise.all([scraped, scrape(url)]).then(() => {})
  }, everyMs)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    await scraped
  }
}

const scrape = async (url: string): Promise<void> => {
  const response = await fetch(`${url}/metrics`)
  const text = await response.text()
  if (!text.includes('sheaf_attempts_total')) throw new Error(`Expected metrics, got ${response.status}`)
}
