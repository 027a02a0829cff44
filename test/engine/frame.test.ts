import { describe, expect, test } from 'bun:test'
import { batches, type Frame, framesOf, mostTasks, progressFrame } from '../../src/engine/frame.ts'
import { Hub } from '../../src/engine/hub.ts'
import { behind, Inbox } from '../../src/engine/inbox.ts'
import { noTasks } from '../../src/job/counts.ts'
import { JobEvent, ProgressEvent, TasksEvent } from '../../src/job/events.ts'
import type { JobChange, JobRecord, TaskChange } from '../../src/store/store.ts'
import { fakeClock } from '../support/clock.ts'
import { parseAs } from './kit/fold.ts'

const id = '0192d4e0-0000-7000-8000-000000000001'

const job = (overrides: Partial<JobRecord> = {}): JobRecord => ({
  number: 1,
  id,
  name: '"quoted"\n€',
  state: 'running',
  rule: { mode: 'all', tolerate: 0, quorum: 1 },
  counts: { ...noTasks(), total: 3, running: 3 },
  sealed: true,
  seq: 9,
  outcome: undefined,
  decidedBy: undefined,
  error: undefined,
  concurrency: undefined,
  priority: 5,
  labels: {},
  createdAt: 0,
  startedAt: undefined,
  finishedAt: undefined,
  deadlineAt: undefined,
  ...overrides,
})

const task = (index: number, overrides: Partial<TaskChange> = {}): TaskChange => ({
  index,
  key: undefined,
  state: 'running',
  attempt: 1,
  seq: index + 1,
  runAt: undefined,
  output: undefined,
  outputBytes: 0,
  error: undefined,
  ...overrides,
})

const succeededWith = (index: number, output: string) =>
  task(index, { state: 'succeeded', output, outputBytes: Buffer.byteLength(output) })

const change = (tasks: TaskChange[], overrides: Partial<JobChange> = {}): JobChange => ({
  job: job(),
  since: 0,
  moved: false,
  deleted: false,
  tasks,
  ...overrides,
})

const rate = () => 1.5

describe('a frame', () => {
  test('of tasks says of each what is known, as the schema has it', () => {
    const [frame] = framesOf(
      change([
        task(0, { key: 'a "key"\u2028' }),
        task(1, { state: 'queued', runAt: 1_500, error: '{"code":"timeout","message":"m"}' }),
        succeededWith(2, '{"b":[1,"€"]}'),
      ]),
      rate,
    )
    expect(parseAs(TasksEvent, frame?.text ?? '')).toEqual({
      type: 'tasks',
      job: id,
      seq: 3,
      counts: { ...noTasks(), total: 3, running: 3 },
      data: [
        { index: 0, key: 'a "key"\u2028', state: 'running', attempt: 1, seq: 1 },
        {
          index: 1,
          state: 'queued',
          attempt: 1,
          seq: 2,
          runAt: '1970-01-01T00:00:01.500Z',
          error: { code: 'timeout', message: 'm' },
        },
        { index: 2, state: 'succeeded', attempt: 1, seq: 3, output: { b: [1, '€'] } },
      ],
    })
    expect(frame?.text).not.toContain('\n')
  })

  test('of the job comes after those of its tasks, and says whether it is the last', () => {
    const frames = framesOf(change([task(0)], { moved: true, job: job({ state: 'succeeded' }) }), rate)
    expect(frames.map(({ type, since, seq, last }) => [type, since, seq, last])).toEqual([
      ['tasks', 0, 1, false],
      ['job', 1, 9, true],
    ])
    const event = parseAs(JobEvent, frames[1]?.text ?? '')
    expect(event).toMatchObject({ seq: 9, data: { seq: 9, name: '"quoted"\n€', ratePerSecond: 1.5 } })
  })

  test('of progress tells the latest of each task', () => {
    const { text, seq } = progressFrame(
      id,
      new Map([
        [3, { done: 1 }],
        [5, { done: 2.5, total: 10, message: 'm' }],
      ]),
    )
    expect(seq).toBeUndefined()
    expect(parseAs(ProgressEvent, text).data).toEqual([
      { index: 3, done: 1 },
      { index: 5, done: 2.5, total: 10, message: 'm' },
    ])
  })

  test('carries at most 500 tasks, and each frame begins where the one before it ended', () => {
    const tasks = Array.from({ length: 1_201 }, (_, index) => task(index))
    const frames = framesOf(change(tasks, { since: 0 }), rate)
    expect(mostTasks).toBe(500)
    expect(frames.map(({ since, seq }) => [since, seq])).toEqual([
      [0, 500],
      [500, 1_000],
      [1_000, 1_201],
    ])
  })

  test('is closed once it is long, however few tasks it carries', () => {
    const tasks = Array.from({ length: 40 }, (_, index) => succeededWith(index, `"${'x'.repeat(16_000)}"`))
    const lengths = framesOf(change(tasks), rate).map(({ text }) => text.length)
    expect(lengths.length).toBe(3)
    for (const length of lengths) expect(length).toBeLessThan(262_144 + 16_384 + 1_000)
  })

  test('leaves out an output over 16 KiB, says how long it is, and lets go of it', () => {
    const large = JSON.stringify('x'.repeat(16_383))
    const fits = JSON.stringify('x'.repeat(16_382))
    const changes = [succeededWith(0, fits), succeededWith(1, large)]
    const [frame] = framesOf(change(changes), rate)
    expect(parseAs(TasksEvent, frame?.text ?? '').data).toMatchObject([
      { output: 'x'.repeat(16_382) },
      { outputBytes: 16_385 },
    ])
    expect([...batches(changes)].flat().map(({ output }) => output === undefined)).toEqual([false, true])
  })
})

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
