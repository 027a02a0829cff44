import { type Family, one, type Reading } from './family.ts'

/** Counts by two labels. */
class Table {
  readonly #rows = new Map<string, Map<string, { count: number }>>()

  add(row: string, column: string): void {
    const known = this.#rows.get(row)?.get(column)
    if (known) known.count += 1
    else this.#rows.set(row, (this.#rows.get(row) ?? new Map()).set(column, { count: 1 }))
  }

  *read(): Generator<Reading<number>> {
    for (const [row, columns] of this.#rows)
      for (const [column, { count }] of columns) yield [[row, column], count]
  }
}

/**
 * Requests by route, as it is declared, so that there are as many as there are routes, whatever is asked for. They are counted as
 * they come, and once more if they are refused: to look at each answer as it leaves would take Elysia 1.5 µs a request.
 */
export class RequestTally {
  readonly #came = new Table()
  readonly #refused = new Table()
  #unrouted = 0

  came(route: string, method: string): void {
    this.#came.add(route, method)
  }

  /** `route` is undefined where there is nothing. */
  refused(route: string | undefined, status: number): void {
    if (route === undefined) this.#unrouted += 1
    else this.#refused.add(route, String(status))
  }

  read(): { came: Iterable<Reading<number>>; refused: Iterable<Reading<number>>; unrouted: number } {
    return { came: this.#came.read(), refused: this.#refused.read(), unrouted: this.#unrouted }
  }
}

export const requestFamilies: readonly Family[] = [
  {
    name: 'sheaf_http_requests_total',
    type: 'counter',
    labels: ['route', 'method'],
    help: 'Requests that came, by route.',
    read: ({ requests }) => requests.read().came,
  },
  {
    name: 'sheaf_http_refused_total',
    type: 'counter',
    labels: ['route', 'status'],
    help: 'Those of them that were answered with an error.',
    read: ({ requests }) => requests.read().refused,
  },
  {
    name: 'sheaf_http_unrouted_total',
    type: 'counter',
    help: 'Requests for what is not there, or with a method that it does not have.',
    read: ({ requests }) => one(requests.read().unrouted),
  },
]
