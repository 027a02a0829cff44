import type { ClientMessage } from '../../job/commands.ts'
import type { ServerMessage } from '../../job/events.ts'
import { type Backoff, backoffDelay } from '../clock.ts'
import { SheafError } from '../errors.ts'
import { isFinal } from '../problem.ts'
import { Connection, type ConnectionOptions } from './connection.ts'
import { onWake } from './wake.ts'

export interface LineOptions extends ConnectionOptions {
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
  lost(error: unknown): void
}

const pace: Backoff = { delayMs: 200, maxDelayMs: 10_000 }

/** A connection that is kept, from `open` to `close`, through lost ones and silent ones. */
export class Line {
  #connection: Connection | undefined
  #wanted = false
  /** Stops the timer of the next attempt. */
  #cancelRetry = () => {}
  #stopWaking = () => {}
  #failures = 0
  #downSince: number | undefined

  constructor(
    readonly options: LineOptions,
    readonly events: LineEvents,
  ) {}

  get up(): boolean {
    return this.#connection?.up ?? false
  }

  /** Does nothing if it is open, or on its way. */
  open(): void {
    if (this.#wanted) return
    this.#wanted = true
    this.#downSince = this.options.clock.now()
    this.#stopWaking = onWake(() => this.#wake())
    this.#connect()
  }

  close(): void {
    this.#wanted = false
    this.#failures = 0
    this.#downSince = undefined
    this.#cancelRetry()
    this.#stopWaking()
    this.#connection?.close()
    this.#connection = undefined
  }

  send(message: ClientMessage): void {
    this.#connection?.send(message)
  }

  #connect(): void {
    let opened = false
    this.#cancelRetry()
    this.#connection = new Connection(this.options, {
      up: () => {
        opened = true
        this.events.up()
      },
      heard: (message) => {
        // Only now: a server that takes connections and drops them would be called without a pause.
        this.#failures = 0
        this.#downSince = undefined
        if (message) this.events.message(message)
      },
      over: (error) => {
        this.#connection = undefined
        if (isFinal(error)) this.#giveUp(error)
        else this.#retry(opened)
      },
    })
  }

  #retry(opened: boolean): void {
    const { clock, maxRetryMs } = this.options
    this.#failures += 1
    this.#downSince ??= clock.now()
    const wait = backoffDelay(pace, this.#failures, clock)
    if (clock.now() + wait - this.#downSince > maxRetryMs) {
      this.#giveUp(new SheafError('unreachable', `The channel could not be opened for ${maxRetryMs} ms.`))
      return
    }
    this.#cancelRetry = clock.after(wait, () => this.#connect())
    this.events.down(opened)
  }

  #giveUp(error: unknown): void {
    this.close()
    this.events.lost(error)
  }

  #wake(): void {
    if (this.#connection) this.#connection.check()
    else this.#connect()
  }
}
