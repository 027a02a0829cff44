import type { Clock } from '../../clock.ts'
import { Problem } from '../../job/errors.ts'
import { noBody } from './body.ts'
import { LineSplitter } from './line-splitter.ts'
import { blankLine, type Line, readLine } from './ndjson.ts'
import type { Rows } from './rows.ts'

/** What of an upload is checked and stored at a time: as much as is in memory of it, beside the piece that came last. */
export const chunkRows = 1_000
const chunkBytes = 1024 * 1024
/** How long lines that have come wait for more to be stored with. */
const patienceMs = 250

interface UploadOptions {
  clock: Pick<Clock, 'now' | 'after'>
  /** The longest line, and the largest chunk. */
  maxBytes: number
  /** Whether a digest of all of it is wanted. */
  digest: boolean
}

/**
 * The lines of a request, read as they are asked for: while nobody asks, whoever sends them waits. To be disposed of, which
 * lets the rest of them go nowhere.
 */
export class Upload implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  readonly #splitter: LineSplitter
  readonly #hasher: Bun.CryptoHasher | undefined
  #lines: Line[] = []
  #at = 0
  #read: Promise<{ done: boolean; value?: Uint8Array | undefined }> | undefined
  #ended = false
  #empty = true

  constructor(
    { body }: Request,
    readonly options: UploadOptions,
  ) {
    this.#reader = body?.getReader()
    this.#splitter = new LineSplitter(options.maxBytes)
    this.#hasher = options.digest ? new Bun.CryptoHasher('sha256') : undefined
  }

  /** Whether every line was read. */
  get ended(): boolean {
    return this.#ended && this.#at === this.#lines.length
  }

  /** SHA-256 of all of it, in hexadecimal, once it has ended; undefined if nobody wanted it. */
  get digest(): string | undefined {
    return this.#hasher?.copy().digest('hex')
  }

  /** Reads the first line. Throws the Problem that there is none. */
  async head(): Promise<unknown> {
    if (await this.#more()) return readLine(this.#next(), { next: '' })
    throw this.#empty ? noBody('a body') : blankLine(1, '')
  }

  /** Takes the lines that follow for rows, as many as make a chunk; with `patient`, it waits until they do or all have come. */
  async fill(rows: Rows, patient: boolean): Promise<void> {
    const { clock, maxBytes } = this.options
    const most = Math.min(chunkBytes, maxBytes)
    let bytes = 0
    let until: number | undefined
    while (rows.values.length < chunkRows && bytes < most) {
      if (!(await this.#more(until === undefined ? undefined : until - clock.now()))) return
      while (this.#at < this.#lines.length && rows.values.length < chunkRows && bytes < most) {
        const line = this.#next()
        bytes += line.bytes.length
        rows.add(readLine(line, rows), line.number)
      }
      if (!patient) until ??= clock.now() + patienceMs
    }
    // Whether this is all of it decides what is made of it.
    if (patient) await this.#more()
  }

  /** Reads to the end, for the digest alone. */
  async skip(): Promise<void> {
    while (await this.#more()) this.#at = this.#lines.length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return
    this.#read?.catch(() => {})
    await this.#reader?.cancel().catch(() => {})
  }

  #next(): Line {
    const line = this.#lines[this.#at]
    if (line === undefined) throw new Error('Expected a line, got none')
    this.#at += 1
    return line
  }

  /** Whether there is a line to read: not when all have come, nor when none does within `ms`. */
  async #more(ms?: number): Promise<boolean> {
    while (this.#at === this.#lines.length && !this.#ended) {
      const { flaw } = this.#splitter
      if (flaw) throw flaw
      const read = await this.#piece(ms)
      if (read === undefined) return false
      this.#at = 0
      this.#ended = read.done
      if (read.value?.length) this.#empty = false
      if (read.value) this.#hasher?.update(read.value)
      this.#lines = read.value ? this.#splitter.push(read.value) : []
      // A line that is too long is to be met when what came before it has been read.
      if (this.#ended && this.#splitter.flaw) this.#ended = false
      else if (this.#ended) this.#lines = [...this.#lines, ...this.#splitter.end()]
    }
    return this.#at < this.#lines.length
  }

  async #piece(ms: number | undefined) {
    this.#read ??= this.#reader?.read() ?? Promise.resolve({ done: true })
    try {
      const read = ms === undefined ? await this.#read : await this.#within(this.#read, ms)
      if (read !== undefined) this.#read = undefined
      return read
    } catch {
      this.#ended = true
      throw new Problem('malformed', 'The body ended before it was complete.')
    }
  }

  async #within<T>(read: Promise<T>, ms: number): Promise<T | undefined> {
    const { promise: late, resolve } = Promise.withResolvers<undefined>()
    const cancel = this.options.clock.after(Math.max(0, ms), () => resolve(undefined))
    try {
      return await Promise.race([read, late])
    } finally {
      cancel()
    }
  }
}
