import { treaty } from '@elysiajs/eden'
import type { App } from '../http/app.ts'
import type { Transport } from './transport.ts'

/** Every route of the server, typed: Eden's treaty. */
export type Api = ReturnType<typeof treaty<App>>

/** Without `parseDate: false`, Eden would make a Date of any string in an output that looks like one. */
export const createApi = ({ base, fetch }: Transport): Api =>
  // Eden asks for all that a global `fetch` has, and uses that it can be called.
  treaty<App>(base, { fetcher: fetch as typeof globalThis.fetch, parseDate: false })
