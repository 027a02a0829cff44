export interface SseEvent {
  event: string
  id: string | undefined
  data: { type: string; job: string; seq?: number; data: unknown }
}

/** Reads Server-Sent Events one by one, as they come. */
export class SseReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #decoder = new TextDecoder()
  #text = ''

  constructor(response: Response) {
    if (response.body === null) throw new Error('The response has no body')
    this.#reader = response.body.getReader()
  }

  /** The next event; undefined at the end. */
  async next(): Promise<SseEvent | undefined> {
    for (;;) {
      const block = await this.#block()
      if (block === undefined) return undefined
      const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]))
      const data = fields.get('data')
      if (data !== undefined)
        return { event: fields.get('event') ?? 'message', id: fields.get('id'), data: JSON.parse(data) }
    }
  }

  async all(): Promise<SseEvent[]> {
    const events: SseEvent[] = []
    for (let event = await this.next(); event; event = await this.next()) events.push(event)
    return events
  }

  /** Resolves at the next comment; throws when anything else comes first. */
  async comment(): Promise<void> {
    const block = await this.#block()
    if (block !== ':') throw new Error(`Expected a comment, got ${JSON.stringify(block)}`)
  }

  close(): Promise<void> {
    return this.#reader.cancel()
  }

  async #block(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n')
      if (end >= 0) {
        const block = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 2)
        return block
      }
      const { value, done } = await this.#reader.read()
      if (done) return undefined
      this.#text += this.#decoder.decode(value, { stream: true })
    }
  }
}
