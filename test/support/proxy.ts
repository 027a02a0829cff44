import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What nginx holds back by default: a buffer of the answer is passed on when it is full, or when the answer is over. */
const bufferBytes = 16 * 1024

export interface ProxyOptions {
  /** Whether it heeds `X-Accel-Buffering: no`, as nginx does. Default true. */
  heeds?: boolean
}

/** A reverse proxy that buffers answers as nginx does, and that can cut the connections of its clients. */
export class BufferingProxy implements AsyncDisposable {
  /** How many bytes of answers under way it holds back. */
  heldBytes = 0
  readonly #server: Server
  readonly #answers = new Set<ServerResponse>()

  private constructor(
    readonly target: string,
    readonly options: ProxyOptions,
  ) {
    this.#server = createServer((asked, answer) => this.#pass(asked, answer))
  }

  static async start(target: string, options: ProxyOptions = {}): Promise<BufferingProxy> {
    const proxy = new BufferingProxy(target, options)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    // Of a server that listens on a port, the address is no path.
    const { port } = this.#server.address() as AddressInfo
    return `http://127.0.0.1:${port}`
  }

  /** Cuts every answer that is under way, in the midst of it. */
  cut(): void {
    for (const answer of this.#answers) answer.socket?.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    const { method, headers, url } = asked
    const upstream = request(`${this.target}${url}`, { method, headers: { ...headers, connection: 'close' } })
    upstream.on('response', (response) => this.#answer(response, answer))
    upstream.on('error', () => answer.destroy())
    this.#answers.add(answer)
    answer.on('close', () => {
      this.#answers.delete(answer)
      upstream.destroy()
    })
    asked.pipe(upstream)
  }

  #answer(response: IncomingMessage, answer: ServerResponse): void {
    const { 'x-accel-buffering': buffering, connection: _, ...headers } = response.headers
    const most = this.options.heeds !== false && buffering === 'no' ? 0 : bufferBytes
    const held: Uint8Array[] = []
    let size = 0
    const release = () => {
      answer.write(Buffer.concat(held.splice(0)))
      this.heldBytes -= size
      size = 0
    }
    answer.writeHead(response.statusCode ?? 502, headers)
    response.on('data', (chunk: Uint8Array) => {
      held.push(chunk)
      size += chunk.length
      this.heldBytes += chunk.length
      if (size >= most) release()
    })
    response.on('end', () => {
      if (size > 0) release()
      answer.end()
    })
  }
}
