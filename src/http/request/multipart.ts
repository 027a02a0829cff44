import { getMultipartBoundary, parseMultipart } from '@remix-run/multipart-parser'
import { Problem, show } from '../../job/errors.ts'
import { invalid } from '../../job/explain.ts'
import { readCsv } from './csv.ts'
import { linesOf, readLines } from './ndjson.ts'
import type { Rows } from './rows.ts'

export interface Part {
  name: string
  /** In lower case, without parameters; empty if it has none. */
  type: string
  bytes: Uint8Array
}

export interface Parts {
  job: Part
  items: Part
}

/** Reads the parts `job` and `items`. Throws a Problem if one is not there, or if there are others. */
export const readParts = (bytes: Uint8Array, contentType: string): Parts => {
  const parts = partsOf(bytes, contentType)
  for (const { name } of parts) {
    if (name !== 'job' && name !== 'items')
      throw invalid([{ field: name, message: `Unknown part ${show(name)}; expected "job" and "items".` }])
  }
  return { job: only(parts, 'job'), items: only(parts, 'items') }
}

/** Reads the items out of their part. Throws a Problem that names the line. */
export const readItems = ({ type, bytes }: Part, rows: Rows, maxBytes: number): void => {
  switch (type) {
    case 'text/csv':
      readCsv(bytes, rows, maxBytes)
      break
    case 'application/x-ndjson':
      readLines(linesOf(bytes), rows)
      break
    default:
      throw new Problem(
        'unsupported_media_type',
        `Expected the "Content-Type" of the part "items" to be text/csv or application/x-ndjson, got ${type === '' ? 'none' : show(type)}.`,
      )
  }
}

const only = (parts: readonly Part[], name: string): Part => {
  const [part, ...others] = parts.filter((one) => one.name === name)
  if (part !== undefined && others.length === 0) return part
  const wrong = part === undefined ? 'to be there, got none' : `once, got it ${others.length + 1} times`
  throw invalid([{ field: name, message: `Expected the part "${name}" ${wrong}.` }])
}

/** Far more than are taken; each costs memory before it is refused. */
const mostParts = 10

/** Not by `Response.formData()`: up to Bun 1.4 it ignores the content type of a file (oven-sh/bun#33012). */
const partsOf = (bytes: Uint8Array, contentType: string): Part[] => {
  const boundary = getMultipartBoundary(contentType)
  if (!boundary) throw noForm('no boundary')
  const bounds = { maxFileSize: bytes.length, maxTotalSize: bytes.length, maxParts: mostParts }
  try {
    return Array.from(parseMultipart(bytes, { boundary, ...bounds }), (part) => ({
      name: part.name ?? '',
      type: part.mediaType?.toLowerCase() ?? '',
      bytes: part.bytes,
    }))
  } catch (error) {
    throw noForm(error instanceof Error ? error.message.slice(0, 100) : 'something else')
  }
}

const noForm = (why: string) =>
  new Problem(
    'malformed',
    `Expected the body to be multipart/form-data with the boundary that its "Content-Type" gives: ${why}.`,
  )
