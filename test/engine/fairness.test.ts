import { describe, expect, test } from 'bun:test'
import type { Claim } from '../../src/store/store.ts'
import { jobOf, startEngine, taskOf, tasksOf } from '../support/engine.ts'
import { Probe } from './kit/probe.ts'

const many = 10_000

/** An engine, and what each of its commits claimed. */
const startWatched = async () => {
  let probe: Probe | undefined
  const rig = await startEngine({
    wrap: (store) => {
      probe = new Probe(store)
      return probe
    },
  })
  /** Of those that claimed anything. */
  const claims = (): (readonly Claim[])[] =>
    (probe?.committed ?? []).map(({ claimed }) => claimed).filter(({ length }) => length > 0)
  return { rig, claims }
}

test('a job of 10 that comes while one of 10,000 runs has its turn in the next commit that claims anything', async () => {
  const { rig, claims } = await startWatched()
  await using _ = rig
  const large = await rig.submit(jobOf(tasksOf('echoLater', many)))
  while ((await rig.read(large)).counts.succeeded < 1_000) await rig.clock.advance(1)

  const small = jobOf(tasksOf('echo', 10))
  const before = claims().length
  await rig.submit(small)
  await rig.ended(small)
  const first = claims()[before] ?? []
  expect(first.filter(({ jobId }) => jobId === small.id).length).toBe(10)
  expect((await rig.read(large)).counts.succeeded).toBeLessThan(many / 2)
})

describe('10,000 tasks of a queue that is paused, and that come first in their job', () => {
  const behind = 2_000

  /** What each commit claims of those that are behind so many. */
  const live = async (before: number) => {
    const { rig, claims } = await startWatched()
    await using _ = rig
    await rig.engine.limit('paused', { paused: true })
    await rig.engine.limit('open', { concurrency: 32 })
    const tasks = [
      ...Array.from({ length: before }, () => taskOf('echo', {}, { queue: 'paused' })),
      ...Array.from({ length: behind }, () => taskOf('echoLater', {}, { queue: 'open' })),
    ]
    const job = await rig.submit(jobOf(tasks))
    while ((await rig.read(job)).counts.succeeded < behind) await rig.clock.advance(1)
    expect((await rig.read(job)).counts).toMatchObject({ queued: before, succeeded: behind })
    const claimed = claims()
    expect(claimed.flat().length).toBe(behind)
    expect(claimed.flat().every(({ queue }) => queue === 'open')).toBe(true)
    return claimed.map(({ length }) => length)
  }

  test('hold up nothing: what is behind them is claimed as without them', async () => {
    expect(await live(many)).toEqual(await live(0))
  })
})
