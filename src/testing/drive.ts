import type { Parts } from '../assemble.ts'
import { hasEnded } from '../job/state.ts'
import type { FakeClock } from './clock.ts'
import type { RealWork } from './real-work.ts'

/**
 * Brings a job to its end: moves the clock from one thing that is due to the next. Time stands still while tasks run that take real
 * time, so that no timeout strikes a request which is on its way. Throws when the job cannot end by time alone.
 */
export const driver =
  (clock: FakeClock, work: RealWork) =>
  async ({ engine: { store } }: Parts, id: string): Promise<void> => {
    for (;;) {
      await clock.advance(0)
      await work.over()
      await clock.advance(0)
      const job = await store.job(id)
      if (job === undefined || hasEnded(job.state)) return
      if (work.running || (await clock.advanceToNext())) continue
      throw new Error(`The job ${id} is ${job.state}, and nothing is due that could end it.`)
    }
  }
