import type { Order } from './messages.ts'

/** A thread or a process, as what one can talk to. */
export interface Transport {
  /** Of a process. */
  readonly pid?: number
  send(order: Order): void
  /** Whether it keeps the server's process alive. */
  hold(held: boolean): void
  /** Ends it, whatever it does. `Hearer.ended` follows. May be called again. */
  kill(): void
}

export interface Hearer {
  /** What came over the channel; most likely a report. */
  heard(message: unknown): void
  /** Called once; `how` continues a sentence: "exited with code 3". */
  ended(how: string): void
}

export type Start = (hearer: Hearer) => Transport
