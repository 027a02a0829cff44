import type { Told } from '../../../src/engine/told.ts'
import { Fold } from './fold.ts'

/** Follows the job from a seq on, until aborted. */
export type Join = (after: number | undefined, signal: AbortSignal) => AsyncGenerator<Told>

/** A client over its whole life: it reads as many frames as it is allowed to, leaves, and comes back at its last seq. */
export class Reader {
  readonly fold: Fold
  #join: Join
  #allowed = 0
  #wake = () => {}
  #abort = new AbortController()
  #done: Promise<void> = Promise.resolve()

  constructor(
    join: Join,
    /** The seq that it began with. */
    readonly after: number,
  ) {
    this.#join = join
    this.fold = new Fold(after)
    this.#subscribe()
  }

  allow(frames: number): void {
    this.#allowed += frames
    this.#wake()
  }

  /** Leaves, in the middle of whatever it does, and comes back. */
  async rejoin(): Promise<void> {
    this.#abort.abort()
    this.#wake()
    await this.#done
    this.#abort = new AbortController()
    this.#allowed = 0
    this.#subscribe()
  }

  /** Reads all there is, until its subscription is over. */
  async finish(): Promise<void> {
    this.allow(Number.POSITIVE_INFINITY)
    await this.#done
  }

  #subscribe(): void {
    const before = this.fold.lasts
    this.#done = this.#read().then(() => {
      const lasts = this.fold.lasts - before
      if (lasts > 1 || (lasts === 0 && !this.#abort.signal.aborted))
        throw new Error(`A subscription told ${lasts} times that the job had ended`)
    })
    // It is thrown to who waits for it.
    this.#done.catch(() => {})
  }

  async #read(): Promise<void> {
    const { signal } = this.#abort
    const frames = this.#join(this.fold.seq, signal)
    for (;;) {
      while (this.#allowed <= 0 && !signal.aborted)
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      if (signal.aborted) break
      this.#allowed -= 1
      const { done, value } = await frames.next()
      // What comes after it has left is lost to a client, as on a connection that broke.
      if (done || signal.aborted) break
      this.fold.take(value)
    }
    await frames.return(undefined)
  }
}
