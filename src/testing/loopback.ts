/** A request as the server saw it. */
export interface Received {
  method: string
  path: string
  query: Readonly<Record<string, string>>
  headers: Readonly<Record<string, string>>
  /** As text; empty if there was none. */
  body: string
  /** The same on each attempt of a task. */
  idempotencyKey: string | undefined
}

/** Answers a request; `params` are the parts of the path that begin with a colon in the route. */
export type Responder = (
  received: Received & { params: Readonly<Record<string, string | undefined>>; json(): unknown },
) => Response | Promise<Response>

/** By method and path: `GET /users/:id`. Of several, each answers one request, and the last all that follow. */
export type Routes = Readonly<Record<string, Responder | readonly [Responder, ...Responder[]]>>

/** A real HTTP server on this machine, which keeps what it was asked. Dispose of it with `await using`. */
export interface Loopback extends AsyncDisposable {
  readonly url: string
  /** Every request, in the order of arrival, those of no route included (they are answered with 404). */
  readonly requests: readonly Received[]
  /** The requests of a method and path, such as `GET /users/1`. */
  of(request: string): Received[]
  /** Resolves when there were so many of them. */
  received(request: string, times?: number): Promise<void>
}

/** Starts one on a free port. Throws a TypeError for a route that is no method and path. */
export const startLoopback = (routes: Routes): Loopback => {
  const table = Object.entries(routes).map(([route, responders]) => rowOf(route, [responders].flat()))
  const requests: Received[] = []
  let waiting: { fits: () => boolean; resolve: () => void }[] = []
  const of = (request: string) => requests.filter(({ method, path }) => `${method} ${path}` === request)
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    development: false,
    async fetch(request) {
      const received = await receivedOf(request)
      requests.push(received)
      const due = waiting.filter(({ fits }) => fits())
      waiting = waiting.filter((each) => !due.includes(each))
      for (const { resolve } of due) resolve()
      for (const { method, pattern, next } of table) {
        const match = method === received.method ? pattern.exec(request.url) : null
        if (match)
          return next()({ ...received, params: match.pathname.groups, json: () => JSON.parse(received.body) })
      }
      return new Response(`There is nothing at ${received.path}`, { status: 404 })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    requests,
    of,
    received: (request, times = 1) =>
      new Promise((resolve) => {
        const fits = () => of(request).length >= times
        if (fits()) resolve()
        else waiting.push({ fits, resolve })
      }),
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

interface Row {
  method: string
  pattern: URLPattern
  /** Who answers this time. */
  next(): Responder
}

const rowOf = (route: string, responders: readonly Responder[]): Row => {
  const [, method, pathname] = /^([A-Z]+) (\/\S*)$/.exec(route) ?? []
  if (method === undefined || pathname === undefined)
    throw new TypeError(
      `Expected a route to be a method and a path, such as "GET /users/:id", got "${route}".`,
    )
  let asked = 0
  const next = () => {
    const responder = responders[Math.min(asked++, responders.length - 1)]
    if (responder === undefined) throw new TypeError(`Expected "${route}" to have something that answers it.`)
    return responder
  }
  return { method, pattern: new URLPattern({ pathname }), next }
}

const receivedOf = async (request: Request): Promise<Received> => {
  const { pathname, searchParams } = new URL(request.url)
  return {
    method: request.method,
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: Object.fromEntries(request.headers),
    body: await request.text(),
    idempotencyKey: request.headers.get('idempotency-key') ?? undefined,
  }
}
