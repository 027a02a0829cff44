import type { Following, Reader } from './follow.ts'
import type { Frame } from './frame.ts'
import { Turns } from './turns.ts'

/** A frame as it was told to one reader. */
export interface Told extends Omit<Frame, 'text'> {
  text: string
}

/** How many frames wait for a reader that does not ask. They are shared, not copied. */
const most = 4

/** A reader who has room for a few frames, and takes them one by one. */
class Taker implements Reader {
  #frames: Told[] = []
  #turns = new Turns(() => this.#frames.length < most)
  #over: { error: unknown } | undefined
  #wake = () => {}

  offer({ type, job, seq, since, last }: Frame, text: string): boolean {
    if (this.#frames.length >= most) return false
    this.#frames.push({ type, job, seq, since, last, text })
    this.#wake()
    return true
  }

  behind(following: Following): void {
    this.#turns.add(following)
  }

  over(_: Following, error?: unknown): void {
    this.#over = { error }
    this.#wake()
  }

  async next(): Promise<Told | undefined> {
    for (;;) {
      const frame = this.#frames.shift()
      this.#turns.goOn()
      if (frame !== undefined) return frame
      if (this.#over?.error !== undefined) throw this.#over.error
      if (this.#over) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

export type Follow = (reader: Reader) => Following

/** What is told to a reader within this process, which takes a frame whenever it asks for one: who asks seldom reads slowly. Leaves when aborted. */
export async function* told(
  follow: Follow,
  signal: AbortSignal = new AbortController().signal,
): AsyncGenerator<Told> {
  const taker = new Taker()
  const following = follow(taker)
  const leave = () => {
    following.stop()
    taker.over(following)
  }
  if (signal.aborted) leave()
  else signal.addEventListener('abort', leave, { once: true })
  try {
    for (let frame = await taker.next(); frame && !signal.aborted; frame = await taker.next()) yield frame
  } finally {
    signal.removeEventListener('abort', leave)
    following.stop()
  }
}
