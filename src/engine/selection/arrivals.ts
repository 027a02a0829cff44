import type { Selection } from '../../job/selection.ts'
import type { JobChange, JobRecord } from '../../store/store.ts'

/** So many jobs wait to be found before they are left to be read from the store. */
const most = 1_000

/** What `next` gives when the jobs have to be read from the store. */
export const behind = Symbol('behind')

/** Told at once, within the commit's own turn, of a job that goes on after its end: `since` is the seq that it ended with. */
export type OnRevived = (job: JobRecord, since: number) => void

/** Where the new jobs of one selection wait until they are followed: few, so that one who comes to them late costs no memory. */
export class Arrivals {
  #waiting: JobRecord[] = []
  #behind = false
  #closed = false
  #wake = () => {}

  constructor(
    readonly selection: Selection,
    readonly onRevived: OnRevived,
  ) {}

  put({ job, since, revived }: JobChange): void {
    if (this.#closed) return
    if (revived) this.onRevived(job, since)
    if (since > 0 || this.#behind) return
    if (this.#waiting.length < most) this.#waiting.push(job)
    else {
      this.#waiting = []
      this.#behind = true
    }
    this.#wake()
  }

  /** Empties it. From here on it gathers what is put: to be called before reading the store, so that no gap is left. */
  clear(): void {
    this.#waiting = []
    this.#behind = false
  }

  /** Whether `next` would have to wait. */
  get empty(): boolean {
    return this.#waiting.length === 0 && !this.#behind
  }

  /** The next job, `behind`, or undefined once it is closed. One reader, one call at a time. */
  async next(): Promise<JobRecord | typeof behind | undefined> {
    while (!this.#closed) {
      if (this.#behind) return behind
      const arrival = this.#waiting.shift()
      if (arrival !== undefined) return arrival
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return undefined
  }

  close(): void {
    this.#closed = true
    this.#waiting = []
    this.#wake()
  }
}
