import { describe, expect, test } from 'bun:test'
import { told } from '../../src/engine/told.ts'
import { hasEnded } from '../../src/job/state.ts'
import type { JobRecord } from '../../src/store/store.ts'
import { jobOf, startEngine, taskOf, tasksOf } from '../support/engine.ts'
import { expectSame, Fold, readAll } from './kit/fold.ts'
import { readerOf } from './kit/watch.ts'

const stateOf = (event: Record<string, unknown>) => (event as { data: { state: string } }).data.state

describe('a reader', () => {
  test('who joins at any seq of a running job, at any moment, ends up with what the store has', async () => {
    await using rig = await startEngine({ concurrency: 5 })
    const job = await rig.submit(jobOf(60, { defaults: { retry: { attempts: 2, delayMs: 100 } } }))
    const readers: { after: number; fold: Fold; done: Promise<Fold> }[] = []
    const join = (after: number) => readers.push({ after, ...readerOf(rig, job, { after }) })

    let current: JobRecord = job
    for (let turn = 0; !hasEnded(current.state); turn += 1) {
      for (const [i, run] of rig.script.runs.entries()) {
        if ((i + turn) % 3 === 0) run.succeed({ run: i })
        else if ((i + turn) % 7 === 0) run.fail(i % 2 === 0)
        else if ((i + turn) % 11 === 0) run.snooze(50)
      }
      await rig.clock.advance(25)
      current = await rig.read(job)
      // Every seq again, in every fourth turn: of what is new in the others.
      for (let after = turn % 4 === 0 ? 0 : current.seq - 3; after <= current.seq; after += 1)
        join(Math.max(0, after))
    }
    for (let after = 0; after <= current.seq; after += 1) join(after)

    expect(readers.length).toBeGreaterThan(500)
    for (const { after, done } of readers) {
      const fold = await done
      expect(fold.lasts).toBe(1)
      await expectSame(fold, rig.store, job.id, after)
    }
  }, 30_000)

  test('who names no seq gets a snapshot, and then what happens from now on', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(2))
    const [one, two] = await rig.script.started(2)
    one?.succeed()
    await rig.settle()
    const reader = readerOf(rig, job)
    await rig.settle()
    expect(reader.events()).toMatchObject([{ type: 'job', data: { counts: { succeeded: 1, running: 1 } } }])
    two?.succeed('x')
    await reader.done
    expect(reader.events().slice(1)).toMatchObject([
      { type: 'tasks', counts: { succeeded: 2 }, data: [{ index: 1, state: 'succeeded', output: 'x' }] },
      { type: 'job', data: { state: 'succeeded', progress: 1 } },
    ])
  })

  test('of a job that has ended gets the log and its end, and no more', async () => {
    await using rig = await startEngine()
    const job = await rig.ended(await rig.submit(jobOf(tasksOf('echo', 3))))
    const whole = readerOf(rig, job, { after: 0 })
    expect((await whole.done).lasts).toBe(1)
    expect(whole.frames.map(({ type }) => type)).toEqual(['tasks', 'job'])
    const nothingNew = readerOf(rig, job, { after: job.seq })
    expect((await nothingNew.done).lasts).toBe(1)
    expect(nothingNew.frames.map(({ type }) => type)).toEqual(['job'])
    const now = readerOf(rig, job)
    expect((await now.done).lasts).toBe(1)
    expect(now.frames.map(({ type }) => type)).toEqual(['job'])
  })

  test('sees each state of the job, also when tasks changed in the same commit', async () => {
    await using rig = await startEngine({ concurrency: 2 })
    const job = await rig.submit(jobOf(4))
    const [one, two] = await rig.script.started(2)
    const reader = readerOf(rig, job)
    await rig.settle()
    await rig.act('pause', job)
    one?.succeed()
    two?.succeed()
    await rig.settle()
    await rig.act('resume', job)
    await rig.script.started(4)
    await rig.act('cancel', job)
    await reader.done
    const states = reader
      .events()
      .filter(({ type }) => type === 'job')
      .map(stateOf)
    expect(states).toEqual(['running', 'paused', 'running', 'stopping', 'cancelled'])
  })

  test('sees that a job is stopping when other tasks end in the commit that decides it', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(3, { mode: 'all' }))
    const [one, two] = await rig.script.started(3)
    const reader = readerOf(rig, job)
    await rig.settle()
    one?.fail(false)
    two?.succeed()
    await reader.done
    expect(
      reader
        .events()
        .filter(({ type }) => type === 'job')
        .map(stateOf),
    ).toEqual(['running', 'stopping', 'failed'])
  })

  test('of a job that was taken up again begins anew', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(2))
    const [one, two] = await rig.script.started(2)
    const first = readerOf(rig, job, { after: 0 })
    one?.succeed()
    two?.fail(false)
    const { seq } = await first.done
    expect(first.fold.lasts).toBe(1)

    await rig.act('retry', job)
    const second = readerOf(rig, job, { after: seq })
    ;(await rig.script.nth(3)).succeed()
    await second.done
    expect(second.fold.lasts).toBe(1)
    expect([...second.fold.tasks.values()]).toMatchObject([{ index: 1, state: 'succeeded', attempt: 2 }])
    await expectSame(second.fold, rig.store, job.id, seq ?? 0)
  })

  test('who stops reading is told everything that ended when it reads on', async () => {
    await using rig = await startEngine({ concurrency: 1 })
    const job = await rig.submit(jobOf(tasksOf('echoLater', 200)))
    const frames = told((reader) => rig.engine.follow(job.id, { after: 0 }, reader))
    const fold = new Fold(0)
    const first = await frames.next()
    if (!first.done) fold.take(first.value)
    await rig.ended(job)
    await readAll(frames, fold)
    expect(fold.lasts).toBe(1)
    await expectSame(fold, rig.store, job.id, 0)
    // 200 commits were folded into the frames that fit, not kept for it.
    expect(fold.frames).toBeLessThan(50)
  })

  test('sees the progress within a task, the latest of each, at most every 50 ms, and not again', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(2))
    const [one, two] = await rig.script.started(2)
    one?.context.progress({ done: 1 })
    await rig.clock.advance(50)
    const reader = readerOf(rig, job, { after: 0 })
    await rig.settle()
    const before = reader.frames.length
    one?.context.progress({ done: 1, total: 3 })
    one?.context.progress({ done: 2, total: 3, message: 'resizing' })
    two?.context.progress({ done: 7 })
    await rig.clock.advance(49)
    expect(reader.frames.length).toBe(before)
    await rig.clock.advance(1)
    expect(reader.events().slice(before)).toEqual([
      {
        type: 'progress',
        job: job.id,
        data: [
          { index: 0, done: 2, total: 3, message: 'resizing' },
          { index: 1, done: 7 },
        ],
      },
    ])
  })
})

describe('large jobs', () => {
  test('of 3,000 tasks reach a reader who joins in the middle, at most 1,000 in a frame', async () => {
    await using rig = await startEngine({ concurrency: 256 })
    const job = await rig.submit(jobOf(tasksOf('echoLater', 3_000)))
    const readers = [0, 1, 100].map((after) => ({ after, ...readerOf(rig, job, { after }) }))
    for (const { after, done } of readers) await expectSame(await done, rig.store, job.id, after)
    const late = readerOf(rig, job, { after: 17 })
    await expectSame(await late.done, rig.store, job.id, 17)
  })

  test('large outputs are left out of events, and their length is told', async () => {
    await using rig = await startEngine()
    const sizes = [16_382, 16_383, 100_000]
    const job = await rig.submit(jobOf(sizes.map((size) => taskOf('echoLater', { value: 'x'.repeat(size) }))))
    const live = readerOf(rig, job, { after: 0 })
    await live.done
    const log = readerOf(rig, job, { after: 0 })
    await log.done
    for (const { fold } of [live, log])
      expect([...fold.tasks.values()].map(({ output, outputBytes }) => [typeof output, outputBytes])).toEqual(
        [
          ['string', undefined],
          ['undefined', 16_385],
          ['undefined', 100_002],
        ],
      )
    await expectSame(live.fold, rig.store, job.id, 0)
  })
})
