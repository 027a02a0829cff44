import { hasEnded } from '../../src/job/state.ts'
import type { TaskView } from '../../src/job/wire.ts'
import { type Gate, persist } from './gate.ts'
import type { Pulse } from './pulse.ts'
import { readTasks } from './rest.ts'
import { brokenPromises, type Row } from './rows.ts'

/** So many ends lie between two samples, of a job of so many tasks: one sample reads all of them. */
const interval = (tasks: number) => Math.ceil(tasks / 100)

/** Reads all the tasks over REST, over and over, and holds each end to what was read of it before. */
export class Samples {
  readonly ends = new Map<number, TaskView>()
  readonly faults: string[] = []
  taken = 0

  constructor(
    readonly url: string,
    readonly job: string,
    readonly gate: Gate,
  ) {}

  /** Never ends by itself. */
  async goOn(pulse: Pulse, tasks: number): Promise<never> {
    for (;;) {
      await pulse.next({ name: 'end', count: interval(tasks) })
      await this.take()
    }
  }

  async take(): Promise<void> {
    const rows = await persist(this.gate, () => readTasks(this.url, this.job))
    this.faults.push(...this.broken(rows))
    for (const row of rows) if (hasEnded(row.state)) this.ends.set(row.index, row)
    this.taken += 1
  }

  broken(rows: readonly Row[]): string[] {
    return brokenPromises('a reader of /tasks', this.ends, rows)
  }
}
