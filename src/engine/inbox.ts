import type { Frame } from './frame.ts'

/** How many frames wait for a reader before it is left to read them from the store. Frames are shared, not copied. */
const most = 32

/** What `next` gives when the reader has to read on from the store. */
export const behind = Symbol('behind')

/**
 * Where one reader's frames wait: few, so that a slow reader costs no memory. When they are too many they are dropped,
 * and the reader, told that it is behind, reads on from the store at its own seq.
 */
export class Inbox {
  #frames: Frame[] = []
  #behind = false
  #closed = false
  #wake: (() => void) | undefined

  put(frame: Frame): void {
    if (this.#behind || this.#closed) return
    if (this.#frames.length < most) this.#frames.push(frame)
    else if (frame.type !== 'progress') {
      this.#frames = []
      this.#behind = true
    }
    this.#wake?.()
  }

  /** Empties it. From here on it gathers what is put: to be called before reading the store, so that no gap is left. */
  clear(): void {
    this.#frames = []
    this.#behind = false
  }

  /** The next frame, `behind`, or undefined once it is closed and empty. One reader, one call at a time. */
  async next(): Promise<Frame | typeof behind | undefined> {
    for (;;) {
      if (this.#behind) return behind
      const frame = this.#frames.shift()
      if (frame !== undefined || this.#closed) return frame
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
  }

  close(): void {
    this.#closed = true
    this.#wake?.()
  }
}
