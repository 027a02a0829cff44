import { connect, type Socket } from 'node:net'

/** A connection as any program could open one: what it says is up to the test. */
export class RawConnection implements Disposable {
  #text = ''
  #ended = false
  #wake: (() => void) | undefined

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#text += text
      this.#wake?.()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#ended = true
      this.#wake?.()
    })
  }

  /** `host` is `127.0.0.1:PORT`. */
  static async open(host: string): Promise<RawConnection> {
    const [name = '', port] = host.split(':')
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const socket = connect(Number(port), name, resolve)
    socket.once('error', reject)
    await promise
    return new RawConnection(socket)
  }

  get text(): string {
    return this.#text
  }

  /** Resolves once the kernel has taken it. */
  write(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.socket.write(data, () => resolve()))
  }

  /** Reads until the text holds `mark`; throws if the other side closes first. */
  async readUntil(mark: string): Promise<string> {
    while (!this.#text.includes(mark)) {
      if (this.#ended)
        throw new Error(`Closed before ${JSON.stringify(mark)}, after ${JSON.stringify(this.#text)}`)
      await this.#change()
    }
    return this.#text
  }

  /** Reads until `mark`, and forgets what came before it: for more than one would want to keep. */
  async skipUntil(mark: string): Promise<void> {
    while (!this.#text.includes(mark)) {
      if (this.#ended) throw new Error(`Closed before ${JSON.stringify(mark)}`)
      this.#text = this.#text.slice(-mark.length)
      await this.#change()
    }
  }

  /** Reads one response with a Content-Length. */
  async readResponse(): Promise<{ status: number; head: string; body: string }> {
    const from = (await this.readUntil('\r\n\r\n')).indexOf('\r\n\r\n') + 4
    const head = this.#text.slice(0, from)
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
    while (this.#text.length < from + length && !this.#ended) await this.#change()
    const body = this.#text.slice(from, from + length)
    this.#text = this.#text.slice(from + length)
    return { status: Number(head.split(' ')[1]), head, body }
  }

  /** Reads so many bytes; undefined if the other side closes before. */
  async readBytes(count: number): Promise<Buffer | undefined> {
    while (this.#text.length < count) {
      if (this.#ended) return undefined
      await this.#change()
    }
    const bytes = Buffer.from(this.#text.slice(0, count), 'latin1')
    this.#text = this.#text.slice(count)
    return bytes
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#wake = undefined
  }
}
