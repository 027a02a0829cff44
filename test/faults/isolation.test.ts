import { describe, expect, test } from 'bun:test'
import { Problem } from '../../src/job/errors.ts'
import type { Batch, Store } from '../../src/store/store.ts'
import { Probe } from '../engine/kit/probe.ts'
import { jobOf, startEngine } from '../support/engine.ts'

/** An engine whose store throws, for no fault of the database, at each batch that the test calls bad. */
const startWith = async (isBad: (batch: Batch) => boolean) => {
  let probe: Probe | undefined
  const rig = await startEngine({
    wrap: (store: Store) => {
      probe = new Probe(store)
      probe.beforeCommit = (batch) => {
        if (isBad(batch)) throw new TypeError('null is not an object')
      }
      return probe
    },
  })
  if (probe === undefined) throw new Error('The engine did not take the store')
  return { rig, probe }
}

const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof Problem ? error.code : error),
  )

describe('a batch in which something cannot be written', () => {
  test('refuses only that, and takes the rest that came with it', async () => {
    const { rig } = await startWith(({ submissions }) => submissions.some(({ name }) => name === 'bad'))
    await using _ = rig
    const names = ['a', 'bad', 'b', 'bad', 'c']
    const outcomes = await Promise.all(names.map((name) => outcome(rig.engine.submit(jobOf(1, { name })))))
    expect(outcomes).toEqual(['accepted', 'internal', 'accepted', 'internal', 'accepted'])
    expect(rig.engine.health()).toEqual({ ok: true })
    expect((await rig.store.jobs({ limit: 10 })).data.map(({ name }) => name)).toEqual(['c', 'b', 'a'])
    // What was taken runs, though nothing else comes.
    await rig.settle()
    expect(rig.script.runs.length).toBe(3)
    expect(rig.logs.map(({ message }) => message)).toEqual(Array(2).fill('A request could not be written'))
  })

  test('poisons no later one', async () => {
    const { rig } = await startWith(({ submissions }) => submissions.some(({ name }) => name === 'bad'))
    await using _ = rig
    const first = outcome(rig.engine.submit(jobOf(1, { name: 'bad' })))
    const second = outcome(rig.engine.submit(jobOf(1, { name: 'good' })))
    expect(await Promise.all([first, second])).toEqual(['internal', 'accepted'])
    expect(await outcome(rig.engine.submit(jobOf(1)))).toBe('accepted')
  })

  test('keeps the ends of attempts that came with it, and writes each once', async () => {
    const { rig, probe } = await startWith(({ submissions }) =>
      submissions.some(({ name }) => name === 'bad'),
    )
    await using _ = rig
    const job = await rig.submit(jobOf(3))
    const runs = await rig.script.started(3)
    for (const run of runs) run.succeed()
    expect(await outcome(rig.engine.submit(jobOf(1, { name: 'bad' })))).toBe('internal')
    expect(await rig.ended(job)).toMatchObject({ state: 'succeeded', counts: { succeeded: 3 } })
    expect(probe.committed.flatMap(({ settled }) => settled)).toEqual([true, true, true])
  })

  test('fails the task whose end it is, with a code of its own', async () => {
    const { rig } = await startWith(({ settlements }) =>
      settlements.some(({ claim, result }) => claim.index === 1 && result.type === 'succeeded'),
    )
    await using _ = rig
    const job = await rig.submit(jobOf(3))
    for (const run of await rig.script.started(3)) run.succeed()
    expect(await rig.ended(job)).toMatchObject({ counts: { succeeded: 2, failed: 1 } })
    const [, task] = await rig.tasks(job)
    expect(task).toMatchObject({ state: 'failed', error: expect.stringContaining('"internal"') })
    expect(rig.logs).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'The end of an attempt could not be written' }),
    )
  })

  test('is given up when not even the failure can be written: the task is left for the next start', async () => {
    const { rig } = await startWith(({ settlements }) => settlements.some(({ claim }) => claim.index === 1))
    await using _ = rig
    const job = await rig.submit(jobOf(2))
    for (const run of await rig.script.started(2)) run.succeed()
    await rig.settle()
    await rig.settle()
    expect(await rig.read(job)).toMatchObject({ counts: { succeeded: 1, running: 1 } })
    expect(rig.engine.health()).toEqual({ ok: true })
    const another = await rig.submit(jobOf(1))
    ;(await rig.script.nth(3)).succeed()
    expect(await rig.ended(another)).toMatchObject({ state: 'succeeded' })
  })
})

describe('a store that fails whatever it is asked', () => {
  test('is at fault itself: jobs are refused, ends are kept, and it is tried twice a second', async () => {
    let broken = false
    const { rig, probe } = await startWith(() => broken)
    await using _ = rig
    const job = await rig.submit(jobOf(1))
    const run = await rig.script.nth(1)
    broken = true
    run.succeed()
    await rig.settle()
    expect(await outcome(rig.engine.submit(jobOf(1)))).toBe('unavailable')
    expect(rig.engine.health()).toMatchObject({ ok: false, code: 'internal' })
    const tried = probe.batches.length
    await rig.clock.advance(5_000)
    expect(probe.batches.length - tried).toBeLessThanOrEqual(30)
    broken = false
    await rig.clock.advance(500)
    expect(await rig.ended(job)).toMatchObject({ state: 'succeeded' })
    expect(rig.engine.health()).toEqual({ ok: true })
  })
})

test('while a fault lasts, the ends of attempts wait for the next try instead of making one each', async () => {
  let broken = false
  const { rig, probe } = await startWith(() => broken)
  await using _ = rig
  const job = await rig.submit(jobOf(100))
  const runs = await rig.script.started(100)
  broken = true
  runs[0]?.succeed()
  await rig.settle()
  const tried = probe.batches.length
  for (const run of runs.slice(1)) {
    run.succeed()
    await rig.settle()
  }
  expect(probe.batches.length).toBe(tried)
  broken = false
  await rig.clock.advance(500)
  expect(await rig.ended(job)).toMatchObject({ counts: { succeeded: 100 } })
})

test('what lasts is logged at first, every half minute, and when it is over', async () => {
  let broken = false
  const { rig } = await startWith(() => broken)
  await using _ = rig
  broken = true
  await outcome(rig.engine.submit(jobOf(1)))
  await rig.clock.advance(65_000)
  broken = false
  await rig.clock.advance(500)
  const lines = rig.logs.map(({ level, fields }) => [level, fields?.code, fields?.forMs ?? fields?.afterMs])
  expect(lines).toEqual([
    ['error', 'internal', undefined],
    ['error', 'internal', 30_000],
    ['error', 'internal', 60_000],
    ['warn', 'internal', 65_500],
  ])
})
