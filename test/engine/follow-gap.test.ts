import { describe, expect, test } from 'bun:test'
import { startEngine } from '../support/engine.ts'
import { Fold } from './kit/fold.ts'
import { handRun } from './kit/hand.ts'
import { Latch, Probe } from './kit/probe.ts'

const never = new AbortController().signal

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
    for (let type = ''; type !== 'job'; ) {
      const { value } = await frames.next()
      type = value.type
      fold.take(value)
    }
    expect(fold.tasks.size).toBe(50)
    expect(fold.frames).toBeLessThan(10)
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

  test('a reader for whom too much was kept while the log was read is not shown the same job again', async () => {
    await using rig = await startEngine({ start: false })
    const probe = new Probe(rig.store)
    const { claim, join } = await handRun(rig, { store: probe, tasks: 60 })
    const latch = new Latch()
    probe.beforeRead = latch.pass
    const frames = join({ after: 0, signal: never })
    const first = frames.next()
    await latch.reached
    for (let count = 0; count < 40; count += 1) (await claim(1))()
    latch.open()
    const fold = new Fold(0)
    fold.take((await first).value)
    fold.take((await frames.next()).value)
    expect([fold.tasks.size, fold.job?.counts.running]).toEqual([40, 40])
    const next = frames.next()
    await rig.settle()
    ;(await claim(1))()
    const { value } = await next
    expect(value.type).toBe('tasks')
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
