import { Kept } from './kept.ts'
import { moving } from './moving.ts'
import { type Address, baseOf, isApp, type Target } from './target.ts'
import { authorizing, type Token } from './token.ts'

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>

/** How requests reach the server. */
export interface Transport extends Whereabouts {
  /** Sends a request to a path of the server, which begins with a slash. */
  fetch: Fetch
  token: Kept<string> | undefined
  /** Whether there is a server to open a socket to. */
  remote: boolean
}

interface Whereabouts {
  /** Where every path begins, for whoever does not go through `fetch`. */
  where: Kept<string>
  /** The first of them, or what stands for one that is yet to be asked for. */
  from: string
  /** Where the server was last said to be, for people. */
  shown(): string
}

interface TransportOptions {
  token?: Token | undefined
  fetch?: Fetch | undefined
}

/** Throws a TypeError when the target is neither an http or https URL, nor a function, nor an app. */
export const createTransport = (target: Target, options: TransportOptions): Transport => {
  const remote = !isApp(target)
  const send: Fetch = remote
    ? (options.fetch ?? ((url, init) => globalThis.fetch(url, init)))
    : async (url, init) => target.handle(new Request(url, init))
  const whereabouts = typeof target === 'function' ? asked(target) : known(remote ? target : localhost)
  const reach = moving(send, whereabouts.where)
  const token = keptToken(options.token)
  return { ...whereabouts, remote, token, fetch: token ? authorizing(reach, token) : reach }
}

/** No other host for an app: without tokens, Sheaf answers to this machine's names only. */
const localhost = 'http://localhost'

const known = (address: Address): Whereabouts => {
  const from = baseOf(address)
  return { from, where: new Kept(() => from), shown: () => from }
}

const asked = (target: () => Address | Promise<Address>): Whereabouts => {
  let latest = 'the server'
  const where = new Kept(async () => {
    latest = baseOf(await target())
    return latest
  })
  return { from: localhost, where, shown: () => latest }
}

const keptToken = (token: Token | undefined): Kept<string> | undefined =>
  token === undefined ? undefined : new Kept(typeof token === 'function' ? token : () => token)
