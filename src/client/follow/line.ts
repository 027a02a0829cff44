import type { ClientMessage } from '../../job/commands.ts'
import type { ServerMessage } from '../../job/events.ts'
import { type Backoff, backoffDelay, type ClientClock } from '../clock.ts'
import { SheafError } from '../errors.ts'
import type { Socket } from './socket.ts'

interface LineOptions {
  open(): Socket
  clock: ClientClock
  /** How often a ping is sent. After two silent intervals the connection counts as dead. */
  heartbeatMs: number
  /** For how long a lost connection is tried to be won back. */
  maxRetryMs: number
}

interface LineEvents {
  /** Messages can be sent. */
  up(): void
  message(message: ServerMessage): void
  /** The connection is gone, and is being won back; `opened` is false if there never was one. */
  down(opened: boolean): void
  /** There will be no connection. */
  lost(error: SheafError): void
}

const pace: Backoff = { delayMs: 200, maxDelayMs: 10_000 }

/** One socket that is kept open, from `open` to `close`, through lost connections and silent ones. */
export class Line {
  #socket: Socket | undefined
  #up = false
  /** Stops the timer of the moment: there is one at most. */
  #cancelTimer = () => {}
  #heardAt = 0
  #failures = 0
  #downSince: number | undefined

  constructor(
    readonly options: LineOptions,
    readonly events: LineEvents,
  ) {}

  get up(): boolean {
    return this.#up
  }

  /** Does nothing if it is open, or on its way. */
  open(): void {
    if (this.#socket !== undefined || this.#downSince !== undefined) return
    this.#downSince = this.options.clock.now()
    this.#connect()
  }

  close(): void {
    this.#cancelTimer()
    this.#failures = 0
    this.#downSince = undefined
    this.#release()?.close(1000)
  }

  send(message: ClientMessage): void {
    if (this.#up) this.#socket?.send(JSON.stringify(message))
  }

  #connect(): void {
    const socket = this.options.open()
    this.#socket = socket
    const current = () => this.#socket === socket
    socket.addEventListener('open', () => current() && this.#opened())
    socket.addEventListener('message', ({ data }) => current() && this.#heard(data))
    socket.addEventListener('close', () => current() && this.#dropped())
    // What follows an error is a close, which says as much.
    socket.addEventListener('error', () => {})
    this.#heardAt = this.options.clock.now()
    this.#watch()
  }

  #opened(): void {
    this.#up = true
    this.#heardAt = this.options.clock.now()
    this.events.up()
  }

  #heard(data: unknown): void {
    this.#heardAt = this.options.clock.now()
    // Only now: a server that takes connections and drops them would be called without a pause.
    this.#failures = 0
    this.#downSince = undefined
    const message = read(data)
    if (message) this.events.message(message)
  }

  #watch(): void {
    const { clock, heartbeatMs } = this.options
    this.#cancelTimer = clock.after(heartbeatMs, () => {
      if (clock.now() - this.#heardAt >= 2 * heartbeatMs) return this.#dropped()
      this.send({ type: 'ping' })
      this.#watch()
    })
  }

  #dropped(): void {
    const { clock, maxRetryMs } = this.options
    const opened = this.#up
    this.#cancelTimer()
    const socket = this.#release()
    // A dead peer would not answer the handshake of a close.
    if (socket?.terminate) socket.terminate()
    else socket?.close()
    this.#failures += 1
    this.#downSince ??= clock.now()
    const wait = backoffDelay(pace, this.#failures, clock)
    if (clock.now() + wait - this.#downSince > maxRetryMs) {
      this.#downSince = undefined
      this.#failures = 0
      this.events.lost(new SheafError('unreachable', `The channel could not be opened for ${maxRetryMs} ms.`))
      return
    }
    this.#cancelTimer = clock.after(wait, () => this.#connect())
    this.events.down(opened)
  }

  #release(): Socket | undefined {
    const socket = this.#socket
    this.#socket = undefined
    this.#up = false
    return socket
  }
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
