import { describe, expect, test } from 'bun:test'
import type { Frame } from '../../src/engine/frame.ts'
import { Hub } from '../../src/engine/hub.ts'
import { behind, Inbox } from '../../src/engine/inbox.ts'
import type { JobRecord } from '../../src/store/store.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { change, id, job, rate, task } from './kit/change.ts'

describe('handing out', () => {
  test('serialises a frame once, however many read it, and not at all if nobody does', async () => {
    let serialised = 0
    const counting = () => {
      serialised += 1
      return 0
    }
    const hub = new Hub(fakeClock(0), counting)
    const moved = change([], { moved: true, since: 8 })
    hub.publish([moved])
    expect(serialised).toBe(0)
    const inboxes = [hub.join(id), hub.join(id), hub.join(id)]
    hub.publish([moved])
    expect(serialised).toBe(0)
    const frames = (await Promise.all(inboxes.map((inbox) => inbox.next()))) as Frame[]
    const texts = frames.map(({ text }) => text)
    expect(new Set(texts).size).toBe(1)
    expect(new Set(frames).size).toBe(1)
    expect(serialised).toBe(1)
  })

  test('reaches those who follow the job, and nobody else', async () => {
    const hub = new Hub(fakeClock(0), rate)
    const [mine, other] = [hub.join(id), hub.join('0192d4e0-0000-7000-8000-000000000002')]
    hub.publish([change([task(0)])])
    expect(((await mine.next()) as Frame).seq).toBe(1)
    other.close()
    expect(await other.next()).toBeUndefined()
    hub.leave(id, mine)
    expect(hub.followers).toBe(1)
  })

  test('tells who waits for the end of a job that is not kept how it ended', async () => {
    const hub = new Hub(fakeClock(0), rate)
    const { promise, resolve } = Promise.withResolvers<JobRecord | undefined>()
    hub.whenEnded(id, resolve)
    hub.publish([change([], { moved: true, deleted: true, job: job({ state: 'failed' }) })])
    expect(await promise).toMatchObject({ state: 'failed' })
  })

  test('ends every reader of a job that is deleted', async () => {
    const hub = new Hub(fakeClock(0), rate)
    const inbox = hub.join(id)
    hub.publish([change([], { moved: true, deleted: true, job: job({ state: 'failed' }) })])
    expect(((await inbox.next()) as Frame).last).toBe(true)
    expect(await inbox.next()).toBeUndefined()
  })

  test('progress that nobody follows is not kept, and arms no timer', () => {
    const clock = fakeClock(0)
    const hub = new Hub(clock, rate)
    hub.progress(id, 0, { done: 1 })
    expect(clock.pending).toBe(0)
    hub.join(id)
    hub.progress(id, 0, { done: 1 })
    expect(clock.pending).toBe(1)
    hub.close()
    expect(clock.pending).toBe(0)
  })
})

describe('an inbox', () => {
  const frame = (seq: number | undefined): Frame => ({
    type: seq === undefined ? 'progress' : 'tasks',
    job: id,
    seq,
    since: 0,
    text: '',
    last: false,
  })

  test('keeps 32 frames; at the next it lets go of all of them, and its reader is behind', async () => {
    const inbox = new Inbox()
    for (let seq = 1; seq <= 32; seq += 1) inbox.put(frame(seq))
    expect(((await inbox.next()) as Frame).seq).toBe(1)
    inbox.put(frame(33))
    inbox.put(frame(34))
    expect(await inbox.next()).toBe(behind)
    inbox.put(frame(35))
    expect(await inbox.next()).toBe(behind)
    inbox.clear()
    inbox.put(frame(36))
    expect(((await inbox.next()) as Frame).seq).toBe(36)
  })

  test('that is full drops progress, and nobody is behind for it', async () => {
    const inbox = new Inbox()
    for (let seq = 1; seq <= 32; seq += 1) inbox.put(frame(seq))
    inbox.put(frame(undefined))
    for (let seq = 1; seq <= 32; seq += 1) expect(((await inbox.next()) as Frame).seq).toBe(seq)
  })

  test('wakes its reader, and gives what it has before it says that it is closed', async () => {
    const inbox = new Inbox()
    const next = inbox.next()
    inbox.put(frame(1))
    expect(((await next) as Frame).seq).toBe(1)
    inbox.put(frame(2))
    inbox.close()
    inbox.put(frame(3))
    expect(((await inbox.next()) as Frame).seq).toBe(2)
    expect(await inbox.next()).toBeUndefined()
    const waiting = new Inbox()
    const over = waiting.next()
    waiting.close()
    expect(await over).toBeUndefined()
  })
})
