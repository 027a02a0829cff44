import type { SheafError } from '../errors.ts'

/** Asks over HTTP why the server would not let us follow a job, or, without one, anything; undefined if it would. */
export type WhyRefused = (job: string | undefined, signal: AbortSignal) => Promise<SheafError | undefined>

/** Why a handshake failed: it does not say so itself. One question at a time. */
export class Why {
  #asking: AbortController | undefined

  constructor(
    readonly whyRefused: WhyRefused,
    readonly refused: (error: SheafError) => void,
  ) {}

  async ask(job?: string): Promise<void> {
    if (this.#asking) return
    const asking = new AbortController()
    this.#asking = asking
    const error = await this.whyRefused(job, asking.signal)
    if (this.#asking === asking) this.#asking = undefined
    if (error && !asking.signal.aborted) this.refused(error)
  }

  /** Nobody wants to know any more. */
  stop(): void {
    this.#asking?.abort()
    this.#asking = undefined
  }
}
