const crlf = Buffer.from('\r\n')

/** Takes an HTTP/1.1 response apart as it comes: the status, then the bytes of its body, in chunks (RFC 9112, 7.1) or of a length that is known. */
export class Response {
  #bytes: Buffer = Buffer.alloc(0)
  #state: 'head' | 'whole' | 'size' | 'data' | 'over' = 'head'
  /** Of the chunk at hand, with the line break after it; or of the whole body. */
  #left = 0

  constructor(
    readonly listener: {
      status(status: number): void
      body(bytes: Uint8Array): void
      end(): void
    },
  ) {}

  take(bytes: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes])
    while (this.#step());
  }

  /** Returns whether there may be more to do. */
  #step(): boolean {
    switch (this.#state) {
      case 'head':
        return this.#head()
      case 'whole':
        return this.#whole()
      case 'size':
        return this.#size()
      case 'data':
        return this.#data()
      case 'over':
        return false
      default:
        return this.#state satisfies never
    }
  }

  #head(): boolean {
    const end = this.#bytes.indexOf('\r\n\r\n')
    if (end < 0) return false
    const head = this.#cut(end + 4).toString('latin1')
    const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1]
    if (length !== undefined) this.#left = Number(length)
    this.#state =
      length !== undefined ? 'whole' : /\r\ntransfer-encoding: chunked\r\n/i.test(head) ? 'size' : 'over'
    this.listener.status(Number(head.split(' ')[1]))
    return this.#state !== 'over'
  }

  /** Of a stream that was over at once, Bun knows how long it is. */
  #whole(): boolean {
    const part = this.#cut(Math.min(this.#left, this.#bytes.length))
    this.#left -= part.length
    if (part.length > 0) this.listener.body(part)
    if (this.#left > 0) return false
    this.#state = 'over'
    this.listener.end()
    return false
  }

  #size(): boolean {
    const end = this.#bytes.indexOf(crlf)
    if (end < 0) return false
    const size = Number.parseInt(this.#cut(end + 2).toString('latin1'), 16)
    this.#left = size + 2
    this.#state = 'data'
    if (size > 0) return true
    this.#state = 'over'
    this.listener.end()
    return false
  }

  #data(): boolean {
    if (this.#bytes.length < this.#left) return false
    this.listener.body(this.#cut(this.#left).subarray(0, -2))
    this.#state = 'size'
    return true
  }

  #cut(length: number): Buffer {
    const cut = this.#bytes.subarray(0, length)
    this.#bytes = this.#bytes.subarray(length)
    return cut
  }
}
