import type { Problem } from '../../job/errors.ts'
import { byteOrderMark, isBlankLine, type Line, newline } from './ndjson.ts'
import { lineProblem } from './rows.ts'

/**
 * Splits a text into lines as it comes, piece by piece. It keeps the line that is still coming in, and no more. Blank lines at the
 * end are left out; of one in between, the reader is to say what it thinks of it.
 */
export class LineSplitter {
  #number = 1
  readonly #rest: Uint8Array[] = []
  #length = 0
  readonly #blanks: Line[] = []

  constructor(
    /** How long a line may be. */
    readonly mostBytes: number,
  ) {}

  /** The lines that a piece completes. After a line that is too long, there are none. */
  push(piece: Uint8Array): Line[] {
    const lines: Line[] = []
    let from = 0
    for (let to = piece.indexOf(newline); to !== -1; to = piece.indexOf(newline, from)) {
      if (!this.#keep(piece.subarray(from, to))) return lines
      this.#complete(lines)
      from = to + 1
    }
    // A copy, so that the rest of a line does not hold on to the whole piece.
    if (from < piece.length) this.#keep(piece.slice(from))
    return lines
  }

  /** The Problem that names the line that is too long, if there was one: for when those before it have been read. */
  get flaw(): Problem | undefined {
    if (this.#length <= this.mostBytes) return undefined
    const message = `Expected a line of at most ${this.mostBytes} bytes, got a longer one.`
    return lineProblem('too_large', this.#number, { field: '', message })
  }

  /** What is left when nothing more comes: the last line, if no newline ended it. */
  end(): Line[] {
    const lines: Line[] = []
    this.#complete(lines)
    return lines
  }

  /** Whether the line is short enough to be kept so far. */
  #keep(part: Uint8Array): boolean {
    this.#length += part.length
    const fits = this.#length <= this.mostBytes
    if (fits) this.#rest.push(part)
    return fits
  }

  #complete(lines: Line[]): void {
    const line = { number: this.#number, bytes: this.#take() }
    this.#number += 1
    if (isBlankLine(line.bytes)) {
      this.#blanks.push(line)
      // One says it all, however many there are.
      if (this.#blanks.length > 1) this.#blanks.pop()
      return
    }
    if (this.#blanks.length > 0) lines.push(...this.#blanks.splice(0))
    lines.push(line)
  }

  #take(): Uint8Array {
    const [first] = this.#rest
    const bytes = first && this.#rest.length === 1 ? first : Buffer.concat(this.#rest)
    this.#rest.length = 0
    this.#length = 0
    const hasMark = this.#number === 1 && byteOrderMark.every((byte, at) => bytes[at] === byte)
    return hasMark ? bytes.subarray(byteOrderMark.length) : bytes
  }
}
