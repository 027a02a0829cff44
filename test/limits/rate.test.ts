import { expect, test } from 'bun:test'
import type { Job } from '../../src/client.ts'
import { mostSurelyWithin, type Start, shareOf, startsOf } from './arrivals.ts'
import { Place } from './place.ts'
import { untilGood } from './until-good.ts'

/** A window is longer than a server takes to start, also on a busy machine: one that forgot the window would be seen. */
const rate = { limit: 40, perMs: 1_500 }
const tasks = 120
/** Claims and arrivals are told in whole milliseconds, and by clocks that need not tick together. */
const clocksMs = 2
/** Of the rate. Measured: 0.95 to 0.99, as a burst of 40 takes some milliseconds, which count. */
const leastShare = 0.9

interface Run {
  state: string
  starts: Start[]
  /** What the last life of the server made use of the rate. */
  share: number
}

/**
 * A job under a rate, whose server dies twice: in the midst of a burst, where some requests have arrived and some have not; and after
 * one, when all of it is on disk.
 */
const live = async (): Promise<Run> => {
  await using place = await Place.open()
  await place.sheaf.queues.set('paced', { rate })
  const job = await place.sheaf.submit(place.tasks('any/paced/0/5', tasks))
  await place.arrivals('paced', rate.limit / 2)
  await place.restart()
  await succeeded(job, rate.limit)
  await place.kill()
  const { length: before } = await place.arrivals('paced')
  await place.start()

  const { state } = await job.ended()
  const arrivals = await place.arrivals('paced')
  const last = arrivals.slice(before).map(({ at }) => at)
  return { state, starts: startsOf(arrivals, await place.claims(job.id)), share: shareOf(last, rate) }
}

/** Waits until so many tasks of the job have succeeded. */
const succeeded = async (job: Job, count: number): Promise<void> => {
  const found = new Set<number>()
  for await (const event of job) {
    if (event.type !== 'tasks') continue
    for (const { index, state } of event.data) if (state === 'succeeded') found.add(index)
    if (found.size >= count) return
  }
}

// Every run has to be exact, and one of them quick.
test('a rate is exact over any window, also across the death of the server, and made use of', async () => {
  const { share } = await untilGood(
    async () => {
      const run = await live()
      expect(run.state).toBe('succeeded')
      expect(run.starts.length).toBeGreaterThanOrEqual(tasks)
      expect(mostSurelyWithin(run.starts, rate.perMs - clocksMs)).toBeLessThanOrEqual(rate.limit)
      return run
    },
    ({ share }) => share >= leastShare,
  )
  expect(share).toBeGreaterThanOrEqual(leastShare)
}, 60_000)
