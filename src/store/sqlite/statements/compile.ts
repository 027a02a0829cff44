import type { SQLQueryBindings, Statement } from 'bun:sqlite'
import { Column, is, Param, Placeholder } from 'drizzle-orm'

type Values = Readonly<Record<string, unknown>>
type Convert = (value: unknown) => unknown
type Row = readonly unknown[]

/** The part of what drizzle prepares that is used here; its types keep some of it to themselves. */
interface Prepared {
  stmt: Statement
  fields: { path: string[]; field: unknown }[] | undefined
  getQuery(): { sql: string; params: unknown[] }
}

/**
 * The same statement, with its parameters and columns looked at once. drizzle looks at each of them again at each call,
 * which takes about as long as SQLite takes for a row of ours: 100 tasks of 17 columns are read in 224 instead of 293 µs,
 * a one-task job costs 64 instead of 71 µs in all.
 */
export const compile = <T>(prepared: T): T => {
  // Every statement of ours is prepared by drizzle for bun:sqlite, which makes them so.
  const { stmt, fields, getQuery } = prepared as unknown as Prepared
  const query = getQuery.call(prepared)
  const bind = binder(query.params)
  const read = fields && reader(fields)
  const all = (values: Values = {}): unknown[] => {
    const rows = stmt.values(...bind(values)) as unknown[][]
    return read ? rows.map(read) : rows
  }
  const compiled = {
    getQuery: () => query,
    run: (values: Values = {}) => stmt.run(...bind(values)),
    all,
    get: (values?: Values) => all(values)[0],
  }
  return compiled as T
}

const binder = (params: readonly unknown[]) => {
  const slots = params.map(slotOf)
  return (values: Values): SQLQueryBindings[] => {
    const bound: SQLQueryBindings[] = []
    for (const { name, constant, encode } of slots) {
      const value = name === undefined ? constant : values[name]
      if (value === undefined) throw new Error(`Expected a value for "${name}"`)
      bound.push((encode && value !== null ? encode(value) : value) as SQLQueryBindings)
    }
    return bound
  }
}

interface Slot {
  name: string | undefined
  constant: unknown
  encode: Convert | undefined
}

const slotOf = (param: unknown): Slot => {
  const given = is(param, Param) ? param.value : param
  const encode = is(param, Param) ? conversion(param.encoder, 'mapToDriverValue') : undefined
  return is(given, Placeholder)
    ? { name: given.name, constant: undefined, encode }
    : { name: undefined, constant: encode ? encode(given) : given, encode: undefined }
}

const reader = (fields: NonNullable<Prepared['fields']>) => {
  const columns = fields.map(({ path, field }) => ({
    name: path.join('.'),
    decode: is(field, Column) ? conversion(field, 'mapFromDriverValue') : undefined,
  }))
  return (row: Row): Record<string, unknown> => {
    const result: Record<string, unknown> = {}
    let i = 0
    for (const { name, decode } of columns) {
      const value = row[i++]
      result[name] = decode && value !== null ? decode(value) : value
    }
    return result
  }
}

/** Undefined where a column takes and gives values as they are, as all but the booleans do. */
const conversion = (
  converter: object,
  name: 'mapToDriverValue' | 'mapFromDriverValue',
): Convert | undefined => {
  const convert: unknown = Reflect.get(converter, name)
  if (typeof convert !== 'function' || convert === Column.prototype[name]) return undefined
  return (value) => convert.call(converter, value)
}
