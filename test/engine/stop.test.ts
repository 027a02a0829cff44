import { describe, expect, test } from 'bun:test'
import { told } from '../../src/engine/told.ts'
import { Problem } from '../../src/job/errors.ts'
import { jobOf, startEngine, tasksOf } from '../support/engine.ts'
import { Latch, Probe } from './kit/probe.ts'

const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

const expectUnavailable = async (promise: Promise<unknown>) => {
  const error = await caught(promise)
  expect(error).toBeInstanceOf(Problem)
  expect(error).toMatchObject({ code: 'unavailable', status: 503 })
}

describe('stopping', () => {
  test('nothing more is claimed, and what runs is waited for', async () => {
    await using rig = await startEngine({ concurrency: 2 })
    const job = await rig.submit(jobOf(4))
    const [one, two] = await rig.script.started(2)
    let stopped = false
    const stopping = rig.engine.stop().then(() => {
      stopped = true
    })
    one?.succeed()
    await rig.clock.advance(1_000)
    expect(stopped).toBe(false)
    two?.succeed()
    await stopping
    expect(rig.script.runs.length).toBe(2)
    expect(await rig.read(job)).toMatchObject({ counts: { succeeded: 2, queued: 2, running: 0 } })
    expect(rig.clock.pending).toBe(0)
  })

  test('what still runs after the grace period is given back, and no attempt is spent', async () => {
    await using rig = await startEngine({ graceMs: 2_000 })
    const job = await rig.submit(jobOf(2, { defaults: { retry: { attempts: 1 } } }))
    const [one] = await rig.script.started(2)
    const stopping = rig.engine.stop()
    await rig.clock.advance(1_999)
    expect(one?.context.signal.aborted).toBe(false)
    await rig.clock.advance(1)
    await stopping
    expect(one?.context.signal.aborted).toBe(true)
    expect(await rig.tasks(job)).toMatchObject([
      { state: 'queued', attempt: 1 },
      { state: 'queued', attempt: 1 },
    ])
    expect(await rig.store.failures(await rig.read(job), 0)).toEqual([])

    await using next = await startEngine({ store: rig.store, clock: rig.clock })
    const again = await next.script.nth(1)
    expect(again.context.attempt).toBe(2)
    again.succeed()
    ;(await next.script.nth(2)).succeed()
    expect((await next.ended(job)).counts.succeeded).toBe(2)
  })

  test('twice is once', async () => {
    await using rig = await startEngine()
    const first = rig.engine.stop()
    expect(rig.engine.stop()).toBe(first)
    await first
    await rig.engine.stop()
    expect(rig.engine.health()).toEqual({ ok: false, reason: 'Sheaf is stopped.' })
  })

  test('who submits or acts meanwhile, or later, is told that it is not available', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(1))
    await rig.script.started(1)
    const stopping = rig.engine.stop()
    await expectUnavailable(rig.engine.submit(jobOf(1)))
    await expectUnavailable(rig.act('cancel', job))
    expect(rig.engine.health()).toEqual({ ok: false, reason: 'Sheaf is stopping.' })
    rig.script.runs[0]?.succeed()
    await stopping
    await expectUnavailable(rig.engine.submit(jobOf(1)))
  })

  test('what was submitted just before is acknowledged', async () => {
    await using rig = await startEngine()
    const submitted = rig.submit(jobOf(1))
    const stopping = rig.engine.stop()
    const job = await submitted
    await stopping
    expect(await rig.read(job)).toMatchObject({ state: 'running', counts: { queued: 1 } })
    expect(rig.script.runs).toEqual([])
  })

  test('a claim that is under way is given back', async () => {
    let probe: Probe | undefined
    const latch = new Latch()
    await using rig = await startEngine({
      wrap: (store) => {
        probe = new Probe(store)
        return probe
      },
    })
    await rig.settle()
    if (probe) probe.afterCommit = latch.pass
    const submitted = rig.submit(jobOf(2))
    await latch.reached
    const stopping = rig.engine.stop()
    await rig.settle()
    latch.open()
    const job = await submitted
    await stopping
    expect(rig.script.runs).toEqual([])
    expect(await rig.tasks(job)).toMatchObject([{ state: 'queued' }, { state: 'queued' }])
  })

  test('a job that is cancelled in the last moment is not left running', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(2))
    await rig.script.started(2)
    const cancelled = rig.act('cancel', job)
    await rig.engine.stop()
    await cancelled
    expect(await rig.read(job)).toMatchObject({ state: 'cancelled' })
  })

  test('who follows a job is told what ends meanwhile, and then that it is over', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(2))
    const [one] = await rig.script.started(2)
    const seen: unknown[] = []
    const reading = (async () => {
      for await (const { text } of told((reader) => rig.engine.follow(job.id, {}, reader)))
        seen.push(JSON.parse(text))
    })()
    await rig.settle()
    const stopping = rig.engine.stop()
    one?.succeed()
    await rig.clock.advance(5_000)
    await stopping
    await reading
    expect(seen).toMatchObject([
      { type: 'job' },
      { type: 'tasks', data: [{ index: 0, state: 'succeeded' }] },
      { type: 'tasks', data: [{ index: 1, state: 'queued' }] },
    ])
  })

  test('who follows a job of a stopped engine gets what there is, and no more', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(1))
    await rig.stop()
    const types: string[] = []
    for await (const frame of told((reader) => rig.engine.follow(job.id, { after: 0 }, reader)))
      types.push(frame.type)
    expect(types).toEqual(['tasks', 'job'])
  })

  test('who waits for the end of a job gets it as it stands', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(1))
    await rig.script.started(1)
    const waiting = rig.engine.ended(job.id, 60_000)
    await rig.stop()
    expect(await waiting).toMatchObject({ state: 'running', counts: { queued: 1 } })
    expect(await rig.engine.ended(job.id, 60_000)).toMatchObject({ state: 'running' })
    expect(rig.clock.pending).toBe(0)
  })
})

describe('an engine that was not started', () => {
  test('keeps what is submitted until it is', async () => {
    await using rig = await startEngine({ start: false })
    const submitted = rig.submit(jobOf(tasksOf('echo', 1)))
    await rig.settle()
    expect((await rig.store.jobs({ limit: 1 })).data).toEqual([])
    expect(rig.engine.health()).toEqual({ ok: false, reason: 'Sheaf is new.' })
    await rig.engine.start()
    expect(await rig.ended(await submitted)).toMatchObject({ state: 'succeeded' })
    expect(rig.engine.health()).toEqual({ ok: true })
  })

  test('can be stopped; who waits for it is told', async () => {
    await using rig = await startEngine({ start: false })
    const submitted = rig.engine.submit(jobOf(1))
    const refused = expectUnavailable(submitted)
    await rig.engine.stop()
    await refused
  })

  test('and is stopped while it starts stays stopped', async () => {
    await using rig = await startEngine({ start: false })
    const starting = rig.engine.start()
    await rig.engine.stop()
    await starting
    expect(rig.engine.health()).toEqual({ ok: false, reason: 'Sheaf is stopped.' })
    await expectUnavailable(rig.engine.submit(jobOf(1)))
  })
})
