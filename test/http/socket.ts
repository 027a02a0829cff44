import type { ServerMessage } from '../../src/job/events.ts'
import { flawsOf } from '../support/asyncapi.ts'

/** A client of the channel that takes its messages one by one, and none that is not as the AsyncAPI document has it. */
export class Channel implements Disposable {
  readonly #messages: ServerMessage[] = []
  readonly closed: Promise<{ code: number; reason: string }>
  #wake: (() => void) | undefined
  #ended = false

  private constructor(readonly socket: WebSocket) {
    socket.addEventListener('message', ({ data }) => {
      this.#messages.push(JSON.parse(String(data)))
      this.#wake?.()
    })
    this.closed = new Promise((resolve) =>
      socket.addEventListener('close', ({ code, reason }) => {
        this.#ended = true
        this.#wake?.()
        resolve({ code, reason })
      }),
    )
  }

  /** `address` is `127.0.0.1:PORT`. */
  static async open(address: string, query = ''): Promise<Channel> {
    const socket = new WebSocket(`ws://${address}/events${query}`)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => reject(new Error('The socket did not open')))
    const channel = new Channel(socket)
    await promise
    return channel
  }

  /** Text and bytes as they are, all else as JSON. */
  send(message: unknown): void {
    const raw = typeof message === 'string' || message instanceof Uint8Array
    this.socket.send(raw ? (message as string) : JSON.stringify(message))
  }

  subscribe(job: string, after?: number): void {
    this.send({ type: 'subscribe', job, ...(after !== undefined && { after }) })
  }

  /** The next message; throws when the socket closes first. */
  async next(): Promise<ServerMessage> {
    for (;;) {
      const message = this.#messages.shift()
      if (message !== undefined) return checked(message)
      if (this.#ended) throw new Error('The socket closed')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** The messages up to the one that `isLast`. */
  async until(isLast: (message: ServerMessage) => boolean): Promise<ServerMessage[]> {
    const messages: ServerMessage[] = []
    do messages.push(await this.next())
    while (!messages.slice(-1).every(isLast))
    return messages
  }

  /** Sends a ping, and gives everything that came before its answer. */
  async flush(): Promise<ServerMessage[]> {
    this.send({ type: 'ping', id: 'flush' })
    return (await this.until((message) => message.type === 'pong' && message.id === 'flush')).slice(0, -1)
  }

  [Symbol.dispose](): void {
    this.socket.close()
  }
}

const checked = (message: ServerMessage): ServerMessage => {
  const flaws = flawsOf(message.type, message)
  if (flaws.length === 0) return message
  throw new Error(`Not as documented: ${JSON.stringify(message).slice(0, 500)}: ${flaws.join('; ')}`)
}

export const isEnd = (job: string) => (message: ServerMessage) =>
  message.type === 'job' && message.job === job && message.data.finishedAt !== null
