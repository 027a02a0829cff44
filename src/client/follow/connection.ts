import type { ClientMessage } from '../../job/commands.ts'
import type { ServerMessage } from '../../job/events.ts'
import type { ClientClock } from '../clock.ts'
import { SheafError } from '../errors.ts'
import type { Open, Socket } from './socket.ts'

export interface ConnectionOptions {
  open: Open
  clock: ClientClock
  /** After so long a silence a ping is sent; after twice as long the connection counts as dead. */
  heartbeatMs: number
}

interface ConnectionEvents {
  /** Messages can be sent. */
  up(): void
  /** Something was heard: a message, or what is none. */
  heard(message: ServerMessage | undefined): void
  /** It is over, and nothing more is heard of it; with an error, if there was one. */
  over(error?: unknown): void
}

/** One socket, from the attempt to open it to its end, which comes after two silent intervals at the latest. */
export class Connection {
  /** Aborted when it is over. */
  #over = new AbortController()
  #socket: Socket | undefined
  #up = false
  #heardAt: number
  #cancelTimer = () => {}

  constructor(
    readonly options: ConnectionOptions,
    readonly events: ConnectionEvents,
  ) {
    this.#heardAt = options.clock.now()
    this.#watch(options.heartbeatMs)
    options.open(this.#over.signal).then(
      (socket) => this.#attach(socket),
      (error) => this.#end(error),
    )
  }

  get up(): boolean {
    return this.#up
  }

  send(message: ClientMessage): void {
    if (this.#up) this.#socket?.send(JSON.stringify(message))
  }

  /** Ends it from this side: no event follows. */
  close(): void {
    this.#release()?.close(1000)
  }

  /** Looks whether it is still alive: a machine that slept was not told. */
  check(): void {
    const { clock, heartbeatMs } = this.options
    const silence = clock.now() - this.#heardAt
    if (silence >= 2 * heartbeatMs) this.#end()
    else {
      this.send({ type: 'ping' })
      this.#watch(2 * heartbeatMs - silence)
    }
  }

  #attach(socket: Socket): void {
    const over = this.#over.signal
    if (over.aborted) {
      socket.close(1000)
      return
    }
    this.#socket = socket
    socket.addEventListener('open', () => over.aborted || this.#opened())
    socket.addEventListener('message', ({ data }) => over.aborted || this.#heard(data))
    socket.addEventListener('close', ({ code }) => over.aborted || this.#end(reasons[code ?? 0]?.()))
  }

  #opened(): void {
    this.#up = true
    this.#heardAt = this.options.clock.now()
    this.events.up()
  }

  #heard(data: unknown): void {
    this.#heardAt = this.options.clock.now()
    this.events.heard(read(data))
  }

  /** The next look: when there will have been silence for an interval, if nothing is heard meanwhile. */
  #watch(ms: number): void {
    const { clock, heartbeatMs } = this.options
    this.#cancelTimer()
    this.#cancelTimer = clock.after(ms, () => {
      const silence = clock.now() - this.#heardAt
      if (silence < heartbeatMs) this.#watch(heartbeatMs - silence)
      else this.check()
    })
  }

  #end(error?: unknown): void {
    if (this.#over.signal.aborted) return
    const socket = this.#release()
    // A dead peer would not answer the handshake of a close.
    if (socket?.terminate) socket.terminate()
    else socket?.close()
    this.events.over(error)
  }

  #release(): Socket | undefined {
    const socket = this.#socket
    this.#socket = undefined
    this.#up = false
    this.#cancelTimer()
    this.#over.abort()
    return socket
  }
}

/** Closes after which another attempt would end in the same way. */
const reasons: Record<number, () => SheafError> = {
  1009: () =>
    new SheafError('too_large', 'What was asked of the server over the channel is too long for it.', {
      status: 413,
    }),
}

/** What comes from the server is what its types say; from anything else that listens there, we want nothing. */
const read = (data: unknown): ServerMessage | undefined => {
  try {
    const message: unknown = JSON.parse(String(data))
    return typeof message === 'object' && message !== null && 'type' in message
      ? (message as ServerMessage)
      : undefined
  } catch {
    return undefined
  }
}
