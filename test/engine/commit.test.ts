import { describe, expect, test } from 'bun:test'
import { type Told, told } from '../../src/engine/told.ts'
import type { Batch } from '../../src/store/store.ts'
import { jobOf, type RigOptions, startEngine, tasksOf } from '../support/engine.ts'
import { jobIn } from '../support/jobs.ts'
import { Latch, Probe } from './kit/probe.ts'

const sizeOf = ({ submissions, actions, settlements }: Batch) => ({
  submissions: submissions.length,
  actions: actions.length,
  settlements: settlements.length,
})

const startProbed = async (options: RigOptions = {}) => {
  let probe: Probe | undefined
  const rig = await startEngine({
    ...options,
    wrap: (store) => {
      probe = new Probe(store)
      return probe
    },
  })
  if (probe === undefined) throw new Error('The engine did not take the store')
  await rig.settle()
  return { rig, probe }
}

describe('group commit', () => {
  test('submissions, actions and settlements of one turn share one commit', async () => {
    const { rig, probe } = await startProbed()
    await using _ = rig
    const first = await rig.submit(jobOf(3))
    const [one, two] = await rig.script.started(3)
    await rig.settle()
    const before = probe.batches.length

    one?.succeed()
    two?.fail(false)
    const answers = [rig.submit(jobOf(0)), rig.submit(jobOf(0)), rig.act('pause', first)]
    await Promise.all(answers)

    expect(probe.batches.length).toBe(before + 1)
    expect(sizeOf(probe.batches[before] as Batch)).toEqual({ submissions: 2, actions: 1, settlements: 2 })
  })

  test('while a commit is under way more gathers, and shares the next', async () => {
    const { rig, probe } = await startProbed()
    await using _ = rig
    const latch = new Latch()
    probe.beforeCommit = latch.pass
    const first = rig.submit(jobOf(1))
    await latch.reached
    const before = probe.batches.length
    const others = [rig.submit(jobOf(0)), rig.submit(jobOf(0))]
    await rig.settle()
    others.push(rig.submit(jobOf(0)))
    await rig.settle()
    expect(probe.batches.length).toBe(before)

    probe.beforeCommit = () => {}
    latch.open()
    await Promise.all([first, ...others])
    expect(probe.batches.length).toBe(before + 1)
    expect(probe.batches.at(-1)?.submissions.length).toBe(3)
  })

  test('a job of 1,000 tasks takes no more commits than its windows of concurrency', async () => {
    const { rig, probe } = await startProbed({ concurrency: 100 })
    await using _ = rig
    const job = await rig.ended(await rig.submit(jobOf(tasksOf('echo', 1_000))))
    expect(job.counts.succeeded).toBe(1_000)
    expect(probe.batches.filter(({ settlements }) => settlements.length > 0).length).toBeLessThanOrEqual(10)
  })

  test('an engine with nothing to do commits nothing', async () => {
    const { rig, probe } = await startProbed()
    await using _ = rig
    const job = await rig.submit(jobOf(tasksOf('echo', 2)))
    await rig.ended(job)
    await rig.settle()
    const before = probe.batches.length
    await rig.clock.advance(3_600_000)
    expect(probe.batches.length).toBe(before)
  })
})

describe('waking', () => {
  test('one timer, for what is due next, however many commits there were', async () => {
    const { rig, probe } = await startProbed()
    await using _ = rig
    for (const timeoutMs of [3_000, 1_000, 2_000]) await rig.submit(jobOf(1, { timeoutMs }))
    for (const run of await rig.script.started(3)) run.snooze(3_600_000)
    await rig.settle()
    expect(rig.clock.pending).toBe(1)
    const before = probe.batches.length
    await rig.clock.advance(999)
    expect(probe.batches.length).toBe(before)
    await rig.clock.advance(1)
    expect(probe.batches.length).toBeGreaterThan(before)
  })
})

describe('what is told is on disk', () => {
  test('a submission is acknowledged after its commit, and no sooner', async () => {
    const { rig, probe } = await startProbed()
    await using _ = rig
    const latch = new Latch()
    probe.afterCommit = latch.pass
    let acknowledged = false
    const submitted = rig.submit(jobOf(0)).then((job) => {
      acknowledged = true
      return job
    })
    await latch.reached
    await rig.settle()
    expect(acknowledged).toBe(false)
    latch.open()
    const { id } = await submitted
    expect(await rig.store.job(id)).toMatchObject({ state: 'succeeded' })
  })

  test('an action is acknowledged after its commit, and no sooner', async () => {
    const { rig, probe } = await startProbed()
    await using _ = rig
    const { id } = await rig.submit(jobOf(1))
    const latch = new Latch()
    probe.beforeCommit = latch.pass
    let acknowledged = false
    const acted = rig.engine.act({ type: 'pause', job: id }).then((answer) => {
      acknowledged = true
      return answer
    })
    await latch.reached
    await rig.settle()
    expect(acknowledged).toBe(false)
    latch.open()
    expect(await acted).toMatchObject({ type: 'done', job: { state: 'paused' } })
  })

  test('an event leaves after its commit, and no sooner', async () => {
    const { rig, probe } = await startProbed()
    await using _ = rig
    const job = await rig.submit(jobOf(1))
    const run = await rig.script.nth(1)
    const seen: Told[] = []
    const reading = (async () => {
      for await (const frame of told((reader) => rig.engine.follow(job.id, {}, reader))) seen.push(frame)
    })()
    await rig.settle()
    expect(seen.map(({ type }) => type)).toEqual(['job'])

    const latch = new Latch()
    probe.beforeCommit = latch.pass
    run.succeed()
    await latch.reached
    await rig.settle()
    expect(seen.length).toBe(1)
    latch.open()
    await reading
    expect(seen.map(({ type }) => type)).toEqual(['job', 'tasks', 'job'])
    expect(seen.at(-1)?.last).toBe(true)
  })

  test('a task starts after the commit that claims it, and no sooner', async () => {
    const { rig, probe } = await startProbed()
    await using _ = rig
    const latch = new Latch()
    probe.afterCommit = latch.pass
    const submitted = rig.submit(jobOf(1))
    await latch.reached
    await rig.settle()
    expect(rig.script.runs).toEqual([])
    latch.open()
    await submitted
    await rig.script.started(1)
  })

  test('a repeated idempotency key gives the first job, also within one commit', async () => {
    const { rig } = await startProbed()
    await using _ = rig
    const idempotency = { key: 'k', digest: 'd' }
    const [first, second, other] = await Promise.all([
      rig.engine.submit(jobOf(0, { idempotency })),
      rig.engine.submit(jobOf(0, { idempotency })),
      rig.engine.submit(jobOf(0, { idempotency: { key: 'k', digest: 'e' } })),
    ])
    expect([first.type, second.type, other.type]).toEqual(['created', 'repeated', 'mismatch'])
    expect(jobIn(second).id).toBe(jobIn(first).id)
  })
})
