interface Routed {
  routes: readonly { method: string; path: string }[]
}

/** Which methods each path has: what Elysia does not tell apart from a path that is not there. */
export class RouteTable {
  #app: Routed
  #rows: { pattern: RegExp; methods: string[] }[] | undefined

  constructor(app: Routed) {
    this.#app = app
  }

  /** The methods of a path, for an `Allow` header; none if the path does not exist. */
  methodsAt(path: string): string[] {
    const methods = new Set(this.#table().flatMap((row) => (row.pattern.test(path) ? row.methods : [])))
    if (methods.has('GET')) methods.add('HEAD')
    if (methods.size > 0) methods.add('OPTIONS')
    return [...methods].sort()
  }

  /** Read once, and late: routes are still added while the app is put together. */
  #table() {
    this.#rows ??= this.#app.routes.map(({ method, path }) => ({
      pattern: patternOf(path),
      methods: [method === 'WS' ? 'GET' : method],
    }))
    return this.#rows
  }
}

const patternOf = (path: string): RegExp => {
  const segments = path.split('/').filter((segment) => segment !== '')
  if (segments.length === 0) return /^\/$/
  const source = segments.map((segment) => (segment.startsWith(':') ? '[^/]+' : literal(segment)))
  return new RegExp(`^/${source.join('/')}/?$`)
}

const literal = (segment: string) => segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
