import type { FollowEvent, JobEvent, TaskChangeView } from '../../src/job/events.ts'
import { hasEnded } from '../../src/job/state.ts'

/** What one watcher was told, held to what a watcher is promised. */
export class Journal {
  /** The highest seq that was told: where to resume. */
  seq = 0
  readonly ends = new Map<number, TaskChangeView>()
  readonly faults: string[] = []
  readonly finished: Promise<void>
  #finish = () => {}
  #last: JobEvent | undefined

  constructor(
    readonly who: string,
    readonly ended: (index: number) => void = () => {},
  ) {
    this.finished = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  get isFinished(): boolean {
    return this.#last !== undefined
  }

  take(event: FollowEvent): void {
    if (this.#last) this.fault(`was told ${event.type} after the end of the job`)
    if (event.type === 'progress') return
    if (event.seq < this.seq) this.fault(`went back from seq ${this.seq} to ${event.seq} (${event.type})`)
    if (event.type === 'tasks') for (const change of event.data) this.#change(change)
    if (event.seq < this.seq) this.fault(`got changes up to ${this.seq} in a frame of seq ${event.seq}`)
    this.seq = Math.max(this.seq, event.seq)
    if (event.type === 'job' && hasEnded(event.data.state)) {
      this.#last = event
      this.#finish()
    }
  }

  fault(what: string): void {
    this.faults.push(`${this.who} ${what}`)
  }

  #change(change: TaskChangeView): void {
    const { index, seq, state } = change
    if (seq <= this.seq) this.fault(`went back from seq ${this.seq} to ${seq} (task ${index} ${state})`)
    this.seq = Math.max(this.seq, seq)
    if (this.ends.has(index)) this.fault(`was told that task ${index} is ${state} after it had ended`)
    if (!hasEnded(state)) return
    this.ends.set(index, change)
    this.ended(index)
  }
}
