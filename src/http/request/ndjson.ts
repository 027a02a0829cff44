import { Problem } from '../../job/errors.ts'
import { jsonOf } from './json.ts'
import { lineProblem, type Rows } from './rows.ts'

export interface Line {
  number: number
  bytes: Uint8Array
}

export const newline = 0x0a
export const byteOrderMark = [0xef, 0xbb, 0xbf]

/** The lines of a text, without the blank ones at its end. Some may end with a carriage return, which JSON ignores. */
export function* linesOf(bytes: Uint8Array): Generator<Line, undefined> {
  const end = bytes.findLastIndex((byte) => !isBlank(byte)) + 1
  let from = byteOrderMark.every((byte, at) => bytes[at] === byte) ? byteOrderMark.length : 0
  for (let number = 1; from < end; number += 1) {
    const found = bytes.indexOf(newline, from)
    const to = found === -1 ? end : Math.min(found, end)
    yield { number, bytes: bytes.subarray(from, to) }
    from = to + 1
  }
}

/** Reads one JSON value. Throws a Problem that names the line, and the field that its value is for: the next one. */
export const readLine = ({ number, bytes }: Line, field: Pick<Rows, 'next'>): unknown => {
  if (isBlankLine(bytes)) throw blankLine(number, field.next)
  try {
    return jsonOf(bytes, 'line')
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    throw lineProblem(error.code, number, { field: field.next, message: error.detail })
  }
}

export const blankLine = (number: number, field: string): Problem =>
  lineProblem('malformed', number, { field, message: 'Expected a JSON value, got a blank line.' })

export const readLines = (lines: Iterable<Line>, rows: Rows): void => {
  for (const line of lines) rows.add(readLine(line, rows), line.number)
}

/** Most lines begin with something else. */
export const isBlankLine = (bytes: Uint8Array): boolean =>
  bytes.length === 0 || (isBlank(bytes[0] ?? 0) && bytes.every(isBlank))

/** What JSON takes for white space. */
const isBlank = (byte: number) => byte === 0x20 || byte === newline || byte === 0x0d || byte === 0x09
