import { CsvError, parse } from 'csv-parse/sync'
import { show } from '../../job/errors.ts'
import { textOf } from './json.ts'
import { lineProblem, type Rows } from './rows.ts'

/** RFC 4180, where lines may also end with a line feed alone. */
const dialect = {
  bom: true,
  record_delimiter: ['\r\n', '\n'],
  // They are counted, and refused here if a row follows; the same goes for rows of another length.
  skip_empty_lines: true,
  relax_column_count: true,
}

const reasons: Partial<Record<string, string>> = {
  INVALID_OPENING_QUOTE: 'Expected a field with a quote in it to be quoted as a whole, got a bare quote.',
  CSV_INVALID_CLOSING_QUOTE:
    'Expected a comma or the end of the line after a closing quote, got something else.',
  CSV_QUOTE_NOT_CLOSED: 'Expected each quote to be closed, got one that is open at the end of the file.',
}

/**
 * Reads CSV with a header: each row becomes an object of strings. As JSON the rows may be no larger than `maxBytes`:
 * they repeat the header, so that a small file could become a huge job.
 */
export const readCsv = (bytes: Uint8Array, rows: Rows, maxBytes: number): void => {
  textOf(bytes, 'part "items"')
  const reader = new CsvReader(bytes, rows, maxBytes)
  try {
    parse(bytes, { ...dialect, on_record: (record: string[], at) => reader.take(record, at) })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw rows.refusal(reader.line, reasons[error.code] ?? 'Expected CSV as in RFC 4180, got something else.')
  }
  reader.end()
}

class CsvReader {
  /** Where the record begins that is read. The parser counts a CRLF within quotes twice, so its own count is no use. */
  line = 1
  #header: Header | undefined
  #offset = 0
  #size = 0

  constructor(
    readonly bytes: Uint8Array,
    readonly rows: Rows,
    readonly maxBytes: number,
  ) {}

  /** Returns null, so that the parser keeps nothing. */
  take(record: string[], at: { bytes: number; empty_lines: number }): null {
    if (at.empty_lines > 0) throw this.rows.refusal(this.line, 'Expected a row, got a blank line.')
    if (this.#header === undefined) this.#header = headerOf(record, this.line, this.rows)
    else this.#addRow(record, this.#header, at.bytes - this.#offset)
    for (let from = this.#offset; from < at.bytes; from += 1) if (this.bytes[from] === 0x0a) this.line += 1
    this.#offset = at.bytes
    return null
  }

  end(): void {
    if (this.#header === undefined) throw this.rows.refusal(1, 'Expected a header row, got none.')
  }

  #addRow(record: string[], { names, size }: Header, length: number): void {
    const { rows, line, maxBytes } = this
    if (record.length !== names.length)
      throw rows.refusal(
        line,
        `Expected as many fields as the header has, ${names.length}, got ${record.length}.`,
      )
    this.#size += size + length
    if (this.#size > maxBytes)
      throw rows.refusal(line, `Expected rows of at most ${maxBytes} bytes as JSON, got more.`, 'too_large')
    rows.add(Object.fromEntries(names.map((name, index) => [name, record[index]])), line)
  }
}

interface Header {
  names: readonly string[]
  /** About the bytes of the names in the JSON of each row. */
  size: number
}

const headerOf = (names: readonly string[], line: number, { field }: Rows): Header => {
  const refuse = (message: string) => lineProblem('malformed', line, { field, message })
  const seen = new Set<string>()
  for (const [index, name] of names.entries()) {
    if (name === '') throw refuse(`Expected each column to have a name, got none for column ${index + 1}.`)
    if (seen.has(name))
      throw refuse(`Expected each column to have a name of its own, got ${show(name)} twice.`)
    seen.add(name)
  }
  return { names, size: Buffer.byteLength(JSON.stringify(names)) + 3 * names.length }
}
