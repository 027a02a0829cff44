import type { ClientMessage } from '../../../src/job/commands.ts'
import type { ServerMessage } from '../../../src/job/events.ts'

type Listener = (event: { data: unknown; code?: number }) => void

/** A socket whose other end is the test. */
export class FakeSocket {
  readonly sent: ClientMessage[] = []
  closed = false
  #listeners = new Map<string, Listener[]>()

  constructor(
    readonly url: string,
    readonly options?: { headers?: Record<string, string> },
  ) {}

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener])
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text))
  }

  close(): void {
    this.closed = true
  }

  accept(): void {
    this.#emit('open')
  }

  say(message: ServerMessage | Record<string, unknown>): void {
    this.#emit('message', JSON.stringify(message))
  }

  sayText(text: unknown): void {
    this.#emit('message', text)
  }

  drop(code = 1006): void {
    this.closed = true
    this.#emit('error')
    this.#emit('close', undefined, code)
  }

  /** What was sent since the last time this was asked. */
  take(): unknown[] {
    return this.sent.splice(0)
  }

  /** Answers the latest ping: all that was sent before it is done with. */
  pong(): void {
    const ping = this.sent.findLast((message) => message.type === 'ping')
    this.say({ type: 'pong', ...(ping?.type === 'ping' && { id: ping.id }) })
  }

  #emit(type: string, data?: unknown, code?: number): void {
    for (const listener of this.#listeners.get(type) ?? []) listener({ data, ...(code && { code }) })
  }
}

/** A `WebSocket` for `connect`, and the sockets that it opened. */
export const fakeSockets = () => {
  const sockets: FakeSocket[] = []
  class Opened extends FakeSocket {
    constructor(url: string, options?: never) {
      super(url, options)
      sockets.push(this)
    }
  }
  return {
    WebSocket: Opened,
    sockets,
    get latest(): FakeSocket {
      const socket = sockets.at(-1)
      if (socket === undefined) throw new Error('No socket was opened')
      return socket
    },
  }
}
