/** A request as it came. */
export interface Arrival {
  /** In milliseconds since the epoch: by the clock of the server, of which a start is in the same millisecond or an earlier one. */
  at: number
  /** The Idempotency-Key, which tells the task. */
  key: string
  status: number
}

type Route = (name: string, limit: number, ms: number) => Promise<Response> | Response

/** What counts as a second for an upstream that allows so many of them. */
const windowMs = 1_000

/**
 * An upstream that has limits, and notes each request when it comes. A path is `/<route>/<name>/<limit>/<ms>`: those of one name share
 * the limit, and an answer takes so many milliseconds. Beside that, for the test:
 *
 * - `GET /_arrivals/<name>`: its requests so far; `GET /_arrivals/<name>?count=<n>`: once there are so many of them;
 * - `PUT /_down/<name>` and `DELETE /_down/<name>`: it answers 500 until it is up again.
 */
export const startLimitedUpstream = (port = 0): { url: string; stop(): Promise<void> } => {
  const seen = new Arrivals()
  const down = new Set<string>()
  const allowed = new Map<string, Sliding | Fixed>()
  const atOnce = new Map<string, number>()
  const windowOf = <W extends Sliding | Fixed>(name: string, make: () => W): W => {
    const window = allowed.get(name) ?? make()
    allowed.set(name, window)
    // A name belongs to one route, and so to one kind of window.
    return window as W
  }

  const routes: Record<string, Route> = {
    /** Takes everything. */
    any: (_name, _limit, ms) => ok(ms),
    /** So many in any second, and says so: `RateLimit-Policy` and `RateLimit`. */
    policy: (name, limit, ms) => {
      const { left, resetMs, isAllowed } = windowOf(name, () => new Sliding(limit)).take(Date.now())
      const seconds = Math.ceil(resetMs / 1_000)
      const headers = {
        'ratelimit-policy': `"second";q=${limit};w=1`,
        ratelimit: `"second";r=${left};t=${seconds}`,
      }
      return isAllowed ? ok(ms, headers) : refused({ ...headers, 'retry-after': String(seconds) })
    },
    /** So many in each second of the clock, and says what is left of it: `X-RateLimit-*`. */
    rest: (name, limit, ms) => {
      const { left, endsAt, isAllowed } = windowOf(name, () => new Fixed(limit)).take(Date.now())
      const headers = {
        'x-ratelimit-limit': String(limit),
        'x-ratelimit-remaining': String(left),
        'x-ratelimit-reset': String(endsAt / 1_000),
      }
      return isAllowed ? ok(ms, headers) : refused(headers)
    },
    /** So many in each second of the clock, and says nothing but when to come again. */
    terse: (name, limit, ms) =>
      windowOf(name, () => new Fixed(limit)).take(Date.now()).isAllowed
        ? ok(ms)
        : refused({ 'retry-after': '1' }),
    /** So many at once; of more it says that it is overloaded. */
    full: async (name, limit, ms) => {
      const running = atOnce.get(name) ?? 0
      if (running >= limit) return new Response(null, { status: 503 })
      atOnce.set(name, running + 1)
      await Bun.sleep(ms)
      atOnce.set(name, (atOnce.get(name) ?? 1) - 1)
      return ok(0)
    },
    /** So many at once; more make it slower for all. */
    slow: async (name, limit, ms) => {
      const running = (atOnce.get(name) ?? 0) + 1
      atOnce.set(name, running)
      await Bun.sleep(ms * Math.max(1, running / limit))
      atOnce.set(name, (atOnce.get(name) ?? 1) - 1)
      return ok(0)
    },
  }

  const server = Bun.serve({
    hostname: '127.0.0.1',
    port,
    idleTimeout: 0,
    reusePort: false,
    development: false,
    async fetch(request) {
      const at = Date.now()
      const { pathname, searchParams } = new URL(request.url)
      const [, route = '', name = '', limit, ms] = pathname.split('/')
      if (route === '_arrivals') return Response.json(await seen.of(name, Number(searchParams.get('count'))))
      if (route === '_down') {
        if (request.method === 'PUT') down.add(name)
        else down.delete(name)
        return ok(0)
      }
      const answer = () =>
        routes[route]?.(name, Number(limit), Number(ms)) ?? new Response(null, { status: 404 })
      const arrival = { at, key: request.headers.get('idempotency-key') ?? '', status: 0 }
      seen.add(name, arrival)
      const response = down.has(name) ? new Response(null, { status: 500 }) : await answer()
      arrival.status = response.status
      return response
    },
  })
  return { url: server.url.origin, stop: () => server.stop(true) }
}

const ok = async (ms: number, headers: Record<string, string> = {}): Promise<Response> => {
  if (ms > 0) await Bun.sleep(ms)
  return Response.json({ ok: true }, { headers })
}

const refused = (headers: Record<string, string>) => new Response(null, { status: 429, headers })

/** So many in any stretch of time of that length. */
class Sliding {
  #times: number[] = []

  constructor(readonly limit: number) {}

  take(at: number) {
    this.#times = this.#times.filter((time) => time > at - windowMs)
    const isAllowed = this.#times.length < this.limit
    if (isAllowed) this.#times.push(at)
    const [first = at] = this.#times
    return { isAllowed, left: this.limit - this.#times.length, resetMs: first + windowMs - at }
  }
}

/** So many in each window of the clock. */
class Fixed {
  #endsAt = 0
  #used = 0

  constructor(readonly limit: number) {}

  take(at: number) {
    if (at >= this.#endsAt) {
      this.#endsAt = (Math.floor(at / windowMs) + 1) * windowMs
      this.#used = 0
    }
    const isAllowed = this.#used < this.limit
    if (isAllowed) this.#used += 1
    return { isAllowed, left: this.limit - this.#used, endsAt: this.#endsAt }
  }
}

/** The requests by name, and who waits for them. */
class Arrivals {
  readonly #seen = new Map<string, Arrival[]>()
  #waiting: { name: string; count: number; resolve: () => void }[] = []

  add(name: string, arrival: Arrival): void {
    const arrivals = this.#list(name)
    arrivals.push(arrival)
    const isDue = (each: { name: string; count: number }) =>
      each.name === name && each.count <= arrivals.length
    for (const { resolve } of this.#waiting.filter(isDue)) resolve()
    this.#waiting = this.#waiting.filter((each) => !isDue(each))
  }

  async of(name: string, count: number): Promise<readonly Arrival[]> {
    const arrivals = this.#list(name)
    if (arrivals.length < count)
      await new Promise<void>((resolve) => this.#waiting.push({ name, count, resolve }))
    return arrivals
  }

  #list(name: string): Arrival[] {
    const arrivals = this.#seen.get(name) ?? []
    this.#seen.set(name, arrivals)
    return arrivals
  }
}
