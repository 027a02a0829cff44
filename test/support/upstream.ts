import { answer } from './upstream-routes.ts'

/** A request as the upstream saw it. */
export interface Seen {
  method: string
  path: string
  query: string
  headers: Record<string, string>
  body: string
}

export interface Upstream {
  url: string
  /** Every request, in the order of arrival. */
  requests: readonly Seen[]
  /** How many requests there were for a path. */
  count(path: string): number
  /** How many requests there were with an Idempotency-Key. */
  countOf(idempotencyKey: string): number
  /** Resolves when the path has been asked for `times` times in all. */
  arrived(path: string, times?: number): Promise<void>
  /** Resolves when the client of a request for the path went away before it had the whole answer. */
  abandoned(path: string): Promise<void>
  stop(): Promise<void>
}

export interface UpstreamOptions {
  port?: number
  /** Whether to keep every request; counters are kept in any case. Default true. */
  record?: boolean
}

/** Starts an HTTP server on 127.0.0.1 that is as slow, flaky or hostile as the path asks for; see `upstream-routes.ts`. */
export const startUpstream = ({ port = 0, record = true }: UpstreamOptions = {}): Upstream => {
  const requests: Seen[] = []
  const paths = new Tally()
  const keys = new Tally()
  const left = new Tally()
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port,
    idleTimeout: 0,
    reusePort: false,
    development: false,
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      if (pathname === '/_counts') return Response.json({ paths: paths.all(), keys: keys.all() })
      const seen: Seen = {
        method: request.method,
        path: pathname,
        query: search,
        headers: Object.fromEntries(request.headers),
        body: await request.text(),
      }
      request.signal.addEventListener('abort', () => left.add(pathname), { once: true })
      if (record) requests.push(seen)
      const key = seen.headers['idempotency-key']
      const attempt = key === undefined ? 1 : keys.add(key)
      paths.add(pathname)
      return answer(seen, attempt)
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    requests,
    count: (path) => paths.of(path),
    countOf: (key) => keys.of(key),
    arrived: (path, times = 1) => paths.reached(path, times),
    abandoned: (path) => left.reached(path, 1),
    stop: () => server.stop(true),
  }
}

/** Counts by name, and tells who waits for a number. */
class Tally {
  #counts = new Map<string, number>()
  #waiting: { name: string; times: number; resolve: () => void }[] = []

  add(name: string): number {
    const count = this.of(name) + 1
    this.#counts.set(name, count)
    const isDue = (each: { name: string; times: number }) => each.name === name && each.times <= count
    for (const { resolve } of this.#waiting.filter(isDue)) resolve()
    this.#waiting = this.#waiting.filter((each) => !isDue(each))
    return count
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  all(): Record<string, number> {
    return Object.fromEntries(this.#counts)
  }

  reached(name: string, times: number): Promise<void> {
    if (this.of(name) >= times) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ name, times, resolve }))
  }
}
