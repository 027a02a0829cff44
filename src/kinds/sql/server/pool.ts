import type { SQL } from 'bun'
import type { ServerSource } from '../source.ts'

/** How many connections a source has at most, and so how many queries it runs at once. */
export const mostConnections = 8

/** The connections of a source. Throws if the URL cannot be one. None is open before the first query, nor long after the last. */
export const openPool = ({ url }: Pick<ServerSource, 'url'>, max = mostConnections): SQL =>
  // Named at once, Bun's clients for PostgreSQL and MySQL would be loaded with every start.
  new Bun.SQL(url, {
    max,
    idleTimeout: 60,
    connectionTimeout: 10,
    // Named statements would not survive a pooler such as PgBouncer, and make the server send some types in binary.
    ...(/^postgres/i.test(url) && { prepare: false }),
    // Without this, PGDATABASE or MYSQL_DATABASE would win over the URL.
    ...databaseOf(url),
  })

const databaseOf = (url: string) => {
  const database = decodeURIComponent(URL.parse(url)?.pathname.slice(1) ?? '')
  return database === '' ? {} : { database }
}

/**
 * A statement that the server itself refuses to take for several. `unsafe` alone sends a text without parameters in the
 * protocol that runs one statement after the other; nested in a template, it is prepared like any other.
 */
export const oneStatement = <T>(client: SQL, text: string, params: readonly unknown[] = []): SQL.Query<T> =>
  params.length > 0 ? client.unsafe<T>(text, [...params]) : client<T>`${client.unsafe(text)}`

/** Statements of ours, two at least or one without a result, in one round trip. */
export const script = (client: SQL, statements: readonly string[]): SQL.Query<unknown> =>
  client.unsafe(statements.join(';')).simple()

/** The `id` that the last statement of a script returned. */
export const idIn = (results: unknown): number => {
  const row: unknown = Array.isArray(results) ? results.at(-1)?.at?.(0) : undefined
  const id = typeof row === 'object' && row !== null && 'id' in row ? Number(row.id) : Number.NaN
  if (!Number.isSafeInteger(id)) throw new Error('The server did not tell the number of the connection')
  return id
}
