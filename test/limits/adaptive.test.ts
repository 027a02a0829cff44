import { describe, expect, test } from 'bun:test'
import { Place } from './place.ts'

/** How many the upstream takes at once. */
const capacity = 10
const answerMs = 20
const tasks = 600

const retry = { attempts: 1_000, backoff: 'fixed', delayMs: 50 } as const

/** How a job goes in a queue that may run 200 at once, and finds out by itself that this is too many. */
const live = async (route: 'full' | 'slow') => {
  await using place = await Place.open()
  const { queues } = place.sheaf
  await queues.set(route, { adaptive: { max: 200 } })
  const job = await place.sheaf.submit(place.tasks(`${route}/${route}/${capacity}/${answerMs}`, tasks), {
    retry,
  })
  // What it is at over the second half, when it has found it.
  const found: number[] = []
  for (let count = tasks / 2; count <= tasks; count += 10) {
    await place.arrivals(route, count)
    found.push((await queues.get(route)).adapted ?? Number.NaN)
  }
  const { counts } = await job.ended()
  const arrivals = await place.arrivals(route)
  return {
    counts,
    adapted: found.toSorted((a, b) => a - b)[found.length >> 1],
    refused: arrivals.filter(({ status }) => status === 503).length / arrivals.length,
  }
}

describe('an adaptive queue settles near what its upstream takes at once', () => {
  test('when that refuses what is more', async () => {
    const { counts, adapted, refused } = await live('full')
    expect(counts).toMatchObject({ succeeded: tasks })
    expect(adapted).toBeWithin(capacity / 2, capacity + 3)
    expect(refused).toBeLessThan(0.1)
  }, 30_000)

  test('when that gets slow', async () => {
    const { counts, adapted } = await live('slow')
    expect(counts).toMatchObject({ succeeded: tasks })
    // That it takes twice as long as at best is the sign that there are too many; on a busy machine the best is not good.
    expect(adapted).toBeWithin(capacity / 2, 4 * capacity)
  }, 30_000)
})
