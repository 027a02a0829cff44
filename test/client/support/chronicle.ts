import { expect } from 'bun:test'
import type { FollowEvent } from '../../../src/client.ts'
import { hasEnded } from '../../../src/job/state.ts'

/** Takes what a loop over a job is given, and holds it to its promise: every change once, in order, to the end. */
export class Chronicle {
  #seq = -1
  readonly ends = new Map<number, string>()
  finished = false

  take(event: FollowEvent): void {
    expect(this.finished).toBe(false)
    if (event.type === 'progress') return
    if (event.type === 'tasks')
      for (const { index, state, seq } of event.data) {
        expect(seq).toBeGreaterThan(this.#seq)
        this.#seq = seq
        expect(this.ends.has(index)).toBe(false)
        if (hasEnded(state)) this.ends.set(index, state)
      }
    expect(event.seq).toBeGreaterThanOrEqual(this.#seq)
    this.#seq = event.seq
    this.finished = event.type === 'job' && hasEnded(event.data.state)
  }

  async takeAll(loop: AsyncIterable<FollowEvent>): Promise<void> {
    for await (const event of loop) this.take(event)
  }

  /** Fails unless the loop told the end of the job, and of each of its tasks. */
  expectComplete(tasks: number): void {
    expect(this.finished).toBe(true)
    expect(this.ends.size).toBe(tasks)
  }
}
