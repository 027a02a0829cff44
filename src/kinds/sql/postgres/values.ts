import { arrayJson } from './array.ts'

/** Turns a value, as PostgreSQL prints it, into JSON text. */
export type ToJson = (text: string) => string

/** How a column of the type with this OID becomes JSON. What is not known is a string, as PostgreSQL prints it. */
export const converterOf = (oid: number): ToJson => {
  const scalar = scalars.get(oid)
  if (scalar) return scalar
  const element = arrays.get(oid)
  return element ? (text) => arrayJson(text, element) : string
}

const string: ToJson = (text) => JSON.stringify(text)

const boolean: ToJson = (text) => (text === 't' ? 'true' : 'false')

/** Beyond 2^53, JSON numbers lose digits in most readers: then a string. */
const integer: ToJson = (text) => (Number.isSafeInteger(Number(text)) ? text : string(text))

/** NaN and Infinity are strings, for JSON has no such numbers. */
const float: ToJson = (text) => (Number.isFinite(Number(text)) ? text : string(text))

/** To the digit, as it came. A line break can only stand between tokens. */
const json: ToJson = (text) => text.replace(/[\r\n]+/g, ' ')

const bytes: ToJson = (text) => `{"base64":"${Buffer.from(text.slice(2), 'hex').toString('base64')}"}`

/** `2026-01-02 03:04:05.678901` without a zone stays without one. */
const timestamp: ToJson = (text) => string(isoDate.test(text) ? text.replace(' ', 'T') : text)

/** In UTC, to the microsecond. */
const timestamptz: ToJson = (text) => {
  const [, second, fraction = '', offset] = zoned.exec(text) ?? []
  if (second === undefined || offset === undefined) return string(text)
  const utc = new Date(`${second.replace(' ', 'T')}${offset.length === 3 ? `${offset}:00` : offset}`)
  return Number.isNaN(utc.getTime()) ? string(text) : `"${utc.toISOString().slice(0, 19)}${fraction}Z"`
}

/** What is infinite, before Christ or past the year 9999 is not ISO 8601, and stays as PostgreSQL prints it. */
const isoDate = /^\d{4}-[\d-]{5} [\d:.]+$/
const zoned = /^(\d{4}-[\d-]{5} [\d:]{8})(\.\d+)?([+-]\d\d(?::\d\d)?)$/

/** The OIDs of types and of their arrays, which are fixed (src/include/catalog/pg_type.dat). */
const known: readonly [toJson: ToJson, types: number[], arrays: number[]][] = [
  [boolean, [16], [1000]],
  // smallint, integer, oid, bigint
  [integer, [21, 23, 26, 20], [1005, 1007, 1028, 1016]],
  // real, double precision
  [float, [700, 701], [1021, 1022]],
  // json, jsonb
  [json, [114, 3802], [199, 3807]],
  [bytes, [17], [1001]],
  [timestamp, [1114], [1115]],
  [timestamptz, [1184], [1185]],
  // text, varchar, char, name, numeric, uuid, date, time, timetz, interval, inet, cidr
  [string, [], [1009, 1015, 1014, 1003, 1231, 2951, 1182, 1183, 1270, 1187, 1041, 651]],
]

const scalars = new Map(known.flatMap(([toJson, types]) => types.map((oid) => [oid, toJson])))
const arrays = new Map(known.flatMap(([toJson, , oids]) => oids.map((oid) => [oid, toJson])))
