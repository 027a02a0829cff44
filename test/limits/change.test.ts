import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { Place } from './place.ts'

/** Each takes less than a second, and on a machine that is busy several. */
setDefaultTimeout(20_000)

let place: Place
beforeAll(async () => {
  place = await Place.open()
})
afterAll(() => place[Symbol.asyncDispose]())

/** Longer than any change takes, and shorter than what would look after it by chance. */
const soonMs = 1_000

/** Waits until nothing of the queue runs. */
const idle = async (queue: string): Promise<void> => {
  while ((await place.sheaf.queues.get(queue)).running > 0);
}

/** Other work goes its way from beginning to end. */
const pass = async (): Promise<void> => {
  const job = await place.sheaf.submit(place.tasks('any/other/0/5', 300), { concurrency: 10 })
  await job.ended()
}

test('a queue that is paused starts nothing more, and goes on at once when it is resumed', async () => {
  const { queues } = place.sheaf
  await queues.set('held', { concurrency: 4 })
  const job = await place.sheaf.submit(place.tasks('any/held/0/10', 100))
  await place.arrivals('held', 20)
  expect(await queues.set('held', { concurrency: 4, paused: true })).toMatchObject({ status: 'paused' })
  await idle('held')
  const { length: before } = await place.arrivals('held')
  await pass()
  expect(await place.arrivals('held')).toHaveLength(before)
  expect(await queues.get('held')).toMatchObject({ status: 'paused', running: 0, waiting: 100 - before })

  const resumedAt = Date.now()
  await queues.set('held', { concurrency: 4 })
  const next = (await place.arrivals('held', before + 1))[before]
  expect((next?.at ?? Number.NaN) - resumedAt).toBeLessThan(soonMs)
  expect((await job.ended()).counts).toMatchObject({ succeeded: 100 })
  expect(await place.arrivals('held')).toHaveLength(100)
})

test('a queue whose limits are removed goes on at once without', async () => {
  const { queues } = place.sheaf
  await queues.set('freed', { paused: true })
  const job = await place.sheaf.submit(place.tasks('any/freed/0/5', 50))
  await pass()
  expect(await place.arrivals('freed')).toHaveLength(0)
  const freedAt = Date.now()
  await queues.remove('freed')
  const [first] = await place.arrivals('freed', 1)
  expect((first?.at ?? Number.NaN) - freedAt).toBeLessThan(soonMs)
  expect((await job.ended()).counts).toMatchObject({ succeeded: 50 })
})

test('a pattern limits each queue that it fits, except where one has limits of its own', async () => {
  const { queues } = place.sheaf
  await queues.set('tenant-*', { concurrency: 3 })
  await queues.set('tenant-b', { concurrency: 1 })
  // It refuses what is more at once.
  const tasks = [
    ...place.tasks('full/tenant-a/3/10', 60),
    ...place.tasks('full/tenant-b/1/10', 20),
    ...place.tasks('full/tenant-c/3/10', 60),
  ]
  const job = await place.sheaf.submit(tasks, { retry: { attempts: 1 } })
  expect((await job.ended()).counts).toMatchObject({ succeeded: tasks.length })
})

test('a limit that is raised holds at once for tasks that wait', async () => {
  const { queues } = place.sheaf
  await queues.set('raised', { rate: { limit: 2, perMs: 3_600_000 } })
  const job = await place.sheaf.submit(place.tasks('any/raised/0/5', 30))
  await place.arrivals('raised', 2)
  await pass()
  expect(await place.arrivals('raised')).toHaveLength(2)
  await queues.set('raised', { rate: { limit: 12, perMs: 3_600_000 } })
  await place.arrivals('raised', 12)
  await pass()
  expect(await place.arrivals('raised')).toHaveLength(12)
  await queues.set('raised', { rate: null })
  expect((await job.ended()).counts).toMatchObject({ succeeded: 30 })
})

test('two jobs share a queue by their priorities', async () => {
  const { queues } = place.sheaf
  await queues.set('shared', { concurrency: 4, paused: true })
  const [high, low] = await Promise.all(
    [9, 1].map((priority) => place.sheaf.submit(place.tasks('any/shared/0/5', 200), { priority })),
  )
  await queues.set('shared', { concurrency: 4 })
  const arrivals = await place.arrivals('shared', 150)
  const ofHigh = arrivals.slice(0, 150).filter(({ key }) => key.startsWith(`${high?.id}-`))
  // Nine of ten.
  expect(ofHigh.length).toBeWithin(125, 146)
  expect((await high?.ended())?.counts).toMatchObject({ succeeded: 200 })
  expect((await low?.ended())?.counts).toMatchObject({ succeeded: 200 })
})
