import { describe, expect, test } from 'bun:test'
import { batches, framesOf, mostTasks, progressFrame } from '../../src/engine/frame.ts'
import { noTasks } from '../../src/job/counts.ts'
import { JobEvent, largestFrame, ProgressEvent, TasksEvent } from '../../src/job/events.ts'
import { change, id, job, rate, succeededWith, task } from './kit/change.ts'
import { parseAs } from './kit/fold.ts'

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
    expect(parseAs(TasksEvent, frame?.text() ?? '')).toEqual({
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
    expect(frame?.text()).not.toContain('\n')
  })

  test('of the job comes after those of its tasks, and says whether it is the last', () => {
    const frames = framesOf(change([task(0)], { moved: true, job: job({ state: 'succeeded' }) }), rate)
    expect(frames.map(({ type, since, seq, last }) => [type, since, seq, last])).toEqual([
      ['tasks', 0, 1, false],
      ['job', 1, 9, true],
    ])
    const event = parseAs(JobEvent, frames[1]?.text() ?? '')
    expect(event).toMatchObject({ seq: 9, data: { seq: 9, name: '"quoted"\n€', ratePerSecond: 1.5 } })
  })

  test('of progress tells the latest of each task', () => {
    const { text, seq } = progressFrame(
      id,
      new Map([
        [3, { key: undefined, progress: { done: 1 } }],
        [5, { key: 'a', progress: { done: 2.5, total: 10, message: 'm' } }],
      ]),
    )
    expect(seq).toBeUndefined()
    expect(parseAs(ProgressEvent, text() ?? '').data).toEqual([
      { index: 3, done: 1 },
      { index: 5, done: 2.5, total: 10, message: 'm' },
    ])
  })

  test('carries at most 1,000 tasks, and each frame begins where the one before it ended', () => {
    const tasks = Array.from({ length: 2_201 }, (_, index) => task(index))
    const frames = framesOf(change(tasks, { since: 0 }), rate)
    expect(mostTasks).toBe(1_000)
    expect(frames.map(({ since, seq }) => [since, seq])).toEqual([
      [0, 1_000],
      [1_000, 2_000],
      [2_000, 2_201],
    ])
  })

  test.each([
    ['outputs', (index: number) => succeededWith(index, JSON.stringify('€'.repeat(5_460)))],
    [
      'keys',
      (index: number) =>
        task(index, { key: '\u0001'.repeat(200), error: '{"code":"internal","message":"€"}' }),
    ],
    [
      'errors',
      (index: number) =>
        task(index, { error: JSON.stringify({ code: 'internal', message: 'ä'.repeat(5_000) }) }),
    ],
  ])('is never longer than it may be, in bytes, however long the %s of its tasks are', (_, of) => {
    const frames = framesOf(change(Array.from({ length: 500 }, (_, index) => of(index))), rate)
    const lengths = frames.map((frame) => Buffer.byteLength(frame.text() ?? ''))
    expect(Math.max(...lengths)).toBeLessThanOrEqual(largestFrame)
    expect(lengths.length).toBeGreaterThan(1)
    expect(frames.flatMap((frame) => parseAs(TasksEvent, frame.text() ?? '').data)).toHaveLength(500)
  })

  test('carries a task that is longer than that by itself', () => {
    const long = task(1, { error: JSON.stringify({ code: 'internal', message: 'x'.repeat(largestFrame) }) })
    expect(framesOf(change([task(0), long, task(2)]), rate).map(({ seq }) => seq)).toEqual([1, 2, 3])
  })

  test('leaves out an output over 16 KiB, says how long it is, and lets go of it', () => {
    const large = JSON.stringify('x'.repeat(16_383))
    const fits = JSON.stringify('x'.repeat(16_382))
    const changes = [succeededWith(0, fits), succeededWith(1, large)]
    const [frame] = framesOf(change(changes), rate)
    expect(parseAs(TasksEvent, frame?.text() ?? '').data).toMatchObject([
      { output: 'x'.repeat(16_382) },
      { outputBytes: 16_385 },
    ])
    expect([...batches(changes)].flat().map(({ output }) => output === undefined)).toEqual([false, true])
  })
})
