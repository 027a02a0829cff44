import { describe, expect, test } from 'bun:test'
import { told } from '../../src/engine/told.ts'
import { Problem } from '../../src/job/errors.ts'
import { jobOf, startEngine, tasksOf } from '../support/engine.ts'
import { Fold, readAll } from './kit/fold.ts'
import { handRun } from './kit/hand.ts'
import { Latch, Probe } from './kit/probe.ts'
import { readerOf } from './kit/watch.ts'

const never = new AbortController().signal

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
    const slow = told((reader) => rig.engine.follow(job.id, { after: 0 }, reader))
    await slow.next()
    await rig.ended(job)
    await rig.act('delete', job)
    await rig.settle()
    expect(await readAll(slow, new Fold(undefined)).catch((error: unknown) => error)).toMatchObject({
      code: 'not_found',
      message: `The job ${job.id} was deleted.`,
    })
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
    await expect(join({ after: 0, signal: never }).next()).rejects.toThrow('gone')
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
