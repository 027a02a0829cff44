import type { Clock } from '../clock.ts'

export interface PulseHost {
  clock: Clock
  /** Whether commits may begin at all. */
  runs(): boolean
  /** Whether there is something to commit that came during the last commit. */
  pressing(): boolean
  /** Resolves when the commit is over, whatever came of it. */
  commit(): Promise<void>
}

/** How long ends of attempts gather for a commit while there is other work at hand, in milliseconds. */
const lingerMs = 3

/** When the engine commits, one commit at a time: soon, after a while in which more may come, or when something is due. */
export class Pulse {
  #scheduled = false
  #committing: Promise<void> | undefined
  #cancelWake: (() => void) | undefined
  #cancelLinger: (() => void) | undefined

  constructor(readonly host: PulseHost) {}

  /** Soon, and once: everything that happens before this turn of the event loop is over goes along. */
  soon(): void {
    if (this.#scheduled || this.#committing || !this.host.runs()) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#cancelTimers()
      this.#committing = this.host.commit().finally(() => {
        this.#committing = undefined
        if (this.host.pressing()) this.soon()
      })
    })
  }

  /** After a while, so that more may share the commit. */
  linger(): void {
    if (this.#scheduled || this.#committing) return
    this.#cancelLinger ??= this.host.clock.after(lingerMs, () => this.soon())
  }

  /** After so many milliseconds, unless there is a commit before, which has to say again when the next is due. */
  wake(ms: number): void {
    this.#cancelWake?.()
    this.#cancelWake = this.host.clock.after(ms, () => this.soon())
  }

  /** Resolves when no commit is under way or about to begin. */
  async quiet(): Promise<void> {
    while (this.#committing || this.#scheduled)
      await (this.#committing ?? new Promise((done) => setImmediate(done)))
  }

  stop(): void {
    this.#cancelTimers()
  }

  #cancelTimers(): void {
    this.#cancelWake?.()
    this.#cancelLinger?.()
    this.#cancelWake = undefined
    this.#cancelLinger = undefined
  }
}
