import { systemClock } from '../../clock.ts'
import { type Address, hostOf, readAddress } from './address.ts'
import type { Allow } from './allow.ts'
import { EgressRefused } from './refused.ts'
import { isLocal, localAddresses, type Resolve, systemResolve } from './resolve.ts'
import { readTarget, type Target } from './target.ts'
import { vet } from './vet.ts'

/** How to reach a host without asking a resolver again. */
export interface Route {
  /** The beginning of a URL for each vetted address, `http://192.0.2.1:80`, in the order in which to try them. */
  bases: readonly string[]
  /** The `Host` of every request. */
  authority: string
  /** The name that the certificate must be for; undefined when it must be for the address, or there is none. */
  serverName: string | undefined
  /** When the answer of the resolver is too old to be used. */
  until: number
}

export interface RouteOptions {
  /** What may be reached although it is not public. Default: nothing. */
  allow?: Allow
  /** Default: the resolver of the operating system. */
  resolve?: Resolve
  clock?: { now(): number }
}

/**
 * getaddrinfo tells no TTL. A short one follows a name that moves, and still spares a busy one thousands of look-ups: 5 s is
 * what AWS recommends for its own names, 30 s is how long Bun's fetch keeps one.
 */
const ttlMs = 10_000
const mostRoutes = 1_000

/** The routes of late, and those being found; by the beginning of the URL, as it was written. */
export class Routes {
  readonly #options: Required<RouteOptions>
  readonly #known = new Map<string, Route>()
  readonly #coming = new Map<string, Promise<Route>>()
  readonly #judged = new Map<string, EgressRefused | null>()

  constructor({ allow = [], resolve = systemResolve, clock = systemClock }: RouteOptions) {
    this.#options = { allow, resolve, clock }
  }

  /** Undefined when it has to be found first. */
  known(start: string): Route | undefined {
    const route = this.#known.get(start)
    return route && this.#options.clock.now() < route.until ? route : undefined
  }

  /** Resolves and vets, once for all who ask at the same time. Rejects with {@link EgressRefused}, or the resolver's error. */
  find(start: string): Promise<Route> {
    const coming = this.#coming.get(start)
    if (coming) return coming
    const found = this.#find(start).finally(() => this.#coming.delete(start))
    this.#coming.set(start, found)
    return found
  }

  /** What {@link find} would reject with, if that is known without a resolver: where the host is an address, or local. */
  refusal(start: string): EgressRefused | undefined {
    if (start === '' || this.#known.has(start)) return undefined
    const judged = this.#judged.get(start)
    if (judged !== undefined) return judged ?? undefined
    const refusal = this.#judge(start)
    if (this.#judged.size >= mostRoutes) this.#judged.clear()
    this.#judged.set(start, refusal ?? null)
    return refusal
  }

  /** The resolver is asked again for the next request. */
  forget(start: string): void {
    this.#known.delete(start)
  }

  #judge(start: string): EgressRefused | undefined {
    try {
      const target = readTarget(start)
      const local = isLocal(target.name) ? localAddresses.flatMap((text) => readAddress(text) ?? []) : []
      vet(target, target.address ? [target.address] : local, this.#options.allow)
    } catch (error) {
      if (error instanceof EgressRefused) return error
      throw error
    }
    return undefined
  }

  async #find(start: string): Promise<Route> {
    const target = readTarget(start)
    const addresses = target.address ? [target.address] : await this.#lookUp(target)
    vet(target, addresses, this.#options.allow)
    const route = routeOf(
      target,
      addresses,
      target.address ? Number.POSITIVE_INFINITY : this.#options.clock.now() + ttlMs,
    )
    if (this.#known.size >= mostRoutes) this.#known.clear()
    this.#known.set(start, route)
    return route
  }

  async #lookUp({ name, lookup, authority }: Target): Promise<Address[]> {
    const texts = isLocal(name) ? localAddresses : await this.#options.resolve(lookup)
    if (texts.length === 0) throw notFound(name)
    return texts.map((text) => {
      const address = readAddress(text)
      if (address) return address
      throw new EgressRefused(`The resolver's answer for ${name} is not an address.`, { host: authority })
    })
  }
}

/** Takes an address that failed out of the way of those that did not. */
export const putLast = (route: Route, base: string): void => {
  if (route.bases[0] === base) route.bases = [...route.bases.slice(1), base]
}

const routeOf = (target: Target, addresses: readonly Address[], until: number): Route => {
  const scheme = target.secure ? 'https' : 'http'
  return {
    bases: addresses.map((address) => `${scheme}://${hostOf(address)}:${target.port}`),
    authority: target.authority,
    serverName: target.secure && !target.address ? target.name : undefined,
    until,
  }
}

/** As getaddrinfo says it. */
const notFound = (name: string) =>
  Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND', syscall: 'getaddrinfo' })
