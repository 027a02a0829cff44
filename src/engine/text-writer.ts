/** Text so short is copied faster in a loop, at 1 ns a character, than by a call that leaves JavaScript, for 20 ns. */
const shortest = 20
const digitZero = 48

/** What `Buffer.write` calls once it has looked at its arguments, which takes as long again. Bun has it as Node does; its types do not. */
interface Bytes extends Buffer<ArrayBuffer> {
  latin1Write(text: string, at: number): number
  utf8Write(text: string, at: number): number
}

const newBytes = (length: number) => Buffer.allocUnsafe(length) as Bytes

/**
 * Writes long texts of many small parts: into bytes, of which one string is made at the end. Strings that are joined one by one are kept as
 * a tree, and that is walked once more when the text is sent: events of 68 bytes are written at 800 MB/s instead of 400, and told to one
 * reader at twice the rate.
 */
export class TextWriter {
  #bytes = newBytes(65_536)
  #length = 0
  #isAscii = true

  /** Begins a text; what was left of one that was not finished is let go of. */
  begin(): this {
    this.#length = 0
    this.#isAscii = true
    return this
  }

  /** Adds text of ASCII characters only: what the code itself spells. */
  ascii(text: string): this {
    const bytes = this.#roomFor(text.length)
    if (text.length > shortest) {
      this.#length += bytes.latin1Write(text, this.#length)
      return this
    }
    let at = this.#length
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i)
    this.#length = at
    return this
  }

  integer(value: number): this {
    if (!(value >= 0 && value < 1e9)) return this.ascii(String(value))
    const bytes = this.#roomFor(9)
    const end = this.#length + digitsOf(value)
    let at = end
    let rest = value
    do {
      const tens = (rest / 10) | 0
      bytes[--at] = digitZero + rest - tens * 10
      rest = tens
    } while (rest > 0)
    this.#length = end
    return this
  }

  /** Adds text of any characters. */
  text(text: string): this {
    if (text.length <= shortest && isAscii(text)) return this.ascii(text)
    // A unit of UTF-16 is three bytes of UTF-8 at most.
    const bytes = this.#roomFor(3 * text.length)
    const written = bytes.utf8Write(text, this.#length)
    if (written !== text.length) this.#isAscii = false
    this.#length += written
    return this
  }

  /** The text since it was begun. */
  end(): string {
    return this.#bytes.toString(this.#isAscii ? 'latin1' : 'utf8', 0, this.#length)
  }

  #roomFor(more: number): Bytes {
    const needed = this.#length + more
    if (needed > this.#bytes.length) {
      const larger = newBytes(Math.max(needed, 2 * this.#bytes.length))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    return this.#bytes
  }
}

const isAscii = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

const digitsOf = (value: number): number => {
  let digits = 1
  for (let bound = 10; value >= bound; bound *= 10) digits += 1
  return digits
}
