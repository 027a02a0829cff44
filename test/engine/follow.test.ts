import { describe, expect, test } from 'bun:test'
import { type FollowOptions, follow } from '../../src/engine/follow.ts'
import type { Frame } from '../../src/engine/frame.ts'
import { Hub } from '../../src/engine/hub.ts'
import { Problem } from '../../src/job/errors.ts'
import { hasEnded } from '../../src/job/state.ts'
import type { Action, JobRecord, Store } from '../../src/store/store.ts'
import { jobOf, type Rig, startEngine, taskOf, tasksOf } from '../support/engine.ts'
import { expectSame, Fold, readAll } from './kit/fold.ts'
import { Latch, Probe } from './kit/probe.ts'

const never = new AbortController().signal

const act = (rig: Rig, type: Action['type'], { id }: { id: string }) => rig.engine.act({ type, job: id })

/** One reader of a job, who reads on whenever there is something. */
const readerOf = (rig: Rig, { id }: { id: string }, options: Partial<FollowOptions> = {}) => {
  const fold = new Fold(options.after)
  const frames: Frame[] = []
  const done = (async () => {
    for await (const frame of rig.engine.follow(id, { signal: never, ...options })) {
      frames.push(frame)
      fold.take(frame)
    }
    return fold
  })()
  const events = () => frames.map(({ text }): Record<string, unknown> => JSON.parse(text))
  return { fold, frames, events, done }
}

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
  })

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
    await act(rig, 'pause', job)
    one?.succeed()
    two?.succeed()
    await rig.settle()
    await act(rig, 'resume', job)
    await rig.script.started(4)
    await act(rig, 'cancel', job)
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

    await act(rig, 'retry', job)
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
    const frames = rig.engine.follow(job.id, { after: 0, signal: never })
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

describe('a subscription ends', () => {
  test('with a Problem when there is no such job', async () => {
    await using rig = await startEngine()
    const error = await readerOf(rig, { id: Bun.randomUUIDv7() }).done.catch((error: unknown) => error)
    expect(error).toBeInstanceOf(Problem)
    expect(error).toMatchObject({ code: 'not_found' })
  })

  test('with a Problem that names the value when it begins in the future', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(0))
    const { seq } = await rig.read(job)
    const error = await readerOf(rig, job, { after: seq + 1 }).done.catch((error: unknown) => error)
    expect(error).toMatchObject({
      code: 'invalid',
      message: `Expected "after" between 0 and ${seq}, the latest seq of the job, got ${seq + 1}.`,
    })
  })

  test('when the job is deleted, for a reader who has fallen behind too', async () => {
    await using rig = await startEngine({ concurrency: 1 })
    const job = await rig.submit(jobOf(tasksOf('echoLater', 100)))
    const slow = rig.engine.follow(job.id, { after: 0, signal: never })
    await slow.next()
    await rig.ended(job)
    await act(rig, 'delete', job)
    await rig.settle()
    await readAll(slow, new Fold(undefined))
  })

  test('after the last event when a job is kept no longer than its end', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(1, { keepMs: 0 }))
    const reader = readerOf(rig, job, { after: 0 })
    ;(await rig.script.nth(1)).succeed()
    expect((await reader.done).lasts).toBe(1)
    await rig.settle()
    expect(await rig.store.job(job.id)).toBeUndefined()
  })
})

/** A job on a store, its changes published by hand, so that the hub can be looked into. */
const handRun = async (
  rig: Rig,
  { store = rig.store, tasks = 10 }: { store?: Store; tasks?: number } = {},
) => {
  const hub = new Hub(rig.clock, () => 0)
  const submitted = await rig.store.commit(
    { submissions: [jobOf(tasks)], actions: [], settlements: [], claim: 0 },
    rig.clock.now(),
  )
  const id = submitted.submitted[0]?.job.id ?? ''
  const claim = async (count: number) => {
    const committed = await rig.store.commit(
      { submissions: [], actions: [], settlements: [], claim: count },
      rig.clock.now(),
    )
    return () => hub.publish(committed.changes)
  }
  const join = (options: FollowOptions) => follow({ store, hub, rate: () => 0 }, id, options)
  return { hub, id, claim, join }
}

describe('the hub keeps nothing of a reader', () => {
  test('who aborts, whether it waits for news or has yet to read', async () => {
    await using rig = await startEngine({ start: false })
    const { hub, join } = await handRun(rig)
    for (const take of [0, 1]) {
      const abort = new AbortController()
      const frames = join({ signal: abort.signal })
      for (let i = 0; i < take; i += 1) await frames.next()
      const next = frames.next()
      if (take === 1) expect(hub.followers).toBe(1)
      abort.abort()
      const { done } = await next
      if (!done) expect((await frames.next()).done).toBe(true)
      expect(hub.followers).toBe(0)
    }
  })

  test('who had aborted before it began', async () => {
    await using rig = await startEngine({ start: false })
    const { hub, join } = await handRun(rig)
    const frames = join({ after: 0, signal: AbortSignal.abort() })
    expect((await frames.next()).done).toBe(true)
    expect(hub.followers).toBe(0)
  })

  test('who breaks off its loop', async () => {
    await using rig = await startEngine({ start: false })
    const { hub, join } = await handRun(rig)
    for await (const frame of join({ signal: never })) {
      expect(frame.type).toBe('job')
      expect(hub.followers).toBe(1)
      break
    }
    expect(hub.followers).toBe(0)
  })

  test('who is refused', async () => {
    await using rig = await startEngine({ start: false })
    const { hub, join } = await handRun(rig)
    await expect(join({ after: 99, signal: never }).next()).rejects.toThrow('Expected "after"')
    expect(hub.followers).toBe(0)
  })

  test('whose store fails it', async () => {
    await using rig = await startEngine({ start: false })
    const probe = new Probe(rig.store)
    const { hub, join } = await handRun(rig, { store: probe })
    probe.beforeRead = () => Promise.reject(new Error('gone'))
    await expect(join({ signal: never }).next()).rejects.toThrow('gone')
    expect(hub.followers).toBe(0)
  })

  test('who aborts while the store is being read', async () => {
    await using rig = await startEngine({ start: false })
    const probe = new Probe(rig.store)
    const { hub, claim, join } = await handRun(rig, { store: probe })
    const publish = await claim(3)
    const latch = new Latch()
    probe.afterRead = latch.pass
    const abort = new AbortController()
    const next = join({ after: 0, signal: abort.signal }).next()
    await latch.reached
    abort.abort()
    publish()
    latch.open()
    expect((await next).done).toBe(true)
    expect(hub.followers).toBe(0)
  })
})

describe('between the log and what is live', () => {
  test('nothing is told twice that is committed, but not yet published, when the log is read', async () => {
    await using rig = await startEngine({ start: false })
    const { claim, join } = await handRun(rig)
    const publish = await claim(3)
    const frames = join({ after: 0, signal: never })
    const fold = new Fold(0)
    for (const _ of ['tasks', 'job']) fold.take((await frames.next()).value)
    const next = frames.next()
    publish()
    await rig.settle()
    ;(await claim(2))()
    const { value } = await next
    expect(value.type).toBe('tasks')
    fold.take(value)
    expect([...fold.tasks.keys()]).toEqual([0, 1, 2, 3, 4])
    await frames.return(undefined)
  })

  test('nothing is missed that is committed and published while the log is read', async () => {
    await using rig = await startEngine({ start: false })
    const probe = new Probe(rig.store)
    const { claim, join } = await handRun(rig, { store: probe })
    ;(await claim(3))()
    const latch = new Latch()
    probe.afterRead = latch.pass
    const frames = join({ after: 0, signal: never })
    const fold = new Fold(0)
    const first = frames.next()
    await latch.reached
    ;(await claim(2))()
    latch.open()
    fold.take((await first).value)
    for (const _ of ['job', 'tasks']) fold.take((await frames.next()).value)
    expect([...fold.tasks.keys()]).toEqual([0, 1, 2, 3, 4])
    await frames.return(undefined)
  })

  test('a reader who has caught up is live again: it gets the next change, and no snapshot with it', async () => {
    await using rig = await startEngine({ start: false })
    const { claim, join } = await handRun(rig, { tasks: 60 })
    const frames = join({ after: 0, signal: never })
    const fold = new Fold(0)
    fold.take((await frames.next()).value)
    for (let count = 0; count < 50; count += 1) (await claim(1))()
    for (const type of ['tasks', 'job']) {
      const { value } = await frames.next()
      expect(value.type).toBe(type)
      fold.take(value)
    }
    expect(fold.tasks.size).toBe(50)
    for (let count = 51; count <= 55; count += 1) {
      const next = frames.next()
      await rig.settle()
      ;(await claim(1))()
      const { value } = await next
      expect(value.type).toBe('tasks')
      fold.take(value)
      expect(fold.tasks.size).toBe(count)
    }
    await frames.return(undefined)
  })

  test('a reader for whom a change was lost on the way fetches it from the log', async () => {
    await using rig = await startEngine({ start: false })
    const { claim, join } = await handRun(rig)
    const frames = join({ signal: never })
    const fold = new Fold(undefined)
    fold.take((await frames.next()).value)
    await claim(1)
    ;(await claim(1))()
    for (const _ of ['tasks', 'job']) fold.take((await frames.next()).value)
    expect([...fold.tasks.keys()]).toEqual([0, 1])
    await frames.return(undefined)
  })
})

describe('large jobs', () => {
  test('of 3,000 tasks reach a reader who joins in the middle, at most 500 in a frame', async () => {
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
