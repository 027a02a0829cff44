import { EventSource } from 'eventsource'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { openBrowser } from '../../support/browser.ts'
import { types, Watch } from './watch.ts'

/** Chromium, on a page of `home`. */
const openChromium = async (page: Page, url: string, home: string): Promise<Watch> => {
  const watch = new Watch()
  await page.exposeFunction('note', watch.note)
  await page.goto(home)
  await page.evaluate(
    ([address, names]) => {
      // What `exposeFunction` has put there.
      const { note } = window as unknown as { note: Watch['note'] }
      const source = new window.EventSource(address)
      source.addEventListener('open', () => note({ type: 'open' }))
      source.addEventListener('error', () => note({ type: 'error', state: source.readyState }))
      for (const type of names)
        source.addEventListener(type, ({ lastEventId, data }) => note({ type, id: lastEventId, data }))
    },
    [url, types] as const,
  )
  return watch
}

/** One EventSource of each kind, which are to behave alike. */
export class Clients implements AsyncDisposable {
  readonly #sources: EventSource[] = []

  private constructor(
    readonly browser: Browser,
    readonly context: BrowserContext,
  ) {}

  static async start(): Promise<Clients> {
    const browser = await openBrowser()
    const context = await browser.newContext()
    // It stays open: this Chromium ends with its last page.
    await context.newPage()
    return new Clients(browser, context)
  }

  /** The page is one of the same origin, unless it is said otherwise. */
  async open(url: string, home = new URL('/livez', url).href): Promise<Watch[]> {
    const page = await this.context.newPage()
    return [this.#openPackage(url), await openChromium(page, url, home)]
  }

  /** That of the npm package, in this process. */
  #openPackage(url: string): Watch {
    const watch = new Watch()
    const source = new EventSource(url)
    source.addEventListener('open', () => watch.note({ type: 'open' }))
    source.addEventListener('error', () => watch.note({ type: 'error', state: source.readyState }))
    for (const type of types)
      source.addEventListener(type, ({ lastEventId, data }: MessageEvent) =>
        watch.note({ type, id: lastEventId, data }),
      )
    this.#sources.push(source)
    return watch
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const source of this.#sources) source.close()
    await this.browser.close()
  }
}
