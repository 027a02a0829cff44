import { describe, expect, test } from 'bun:test'
import { Problem } from '../../src/job/errors.ts'
import type { FieldError } from '../../src/job/explain.ts'
import { limits } from '../../src/job/limits.ts'
import { createKinds } from '../../src/kinds/kinds.ts'
import { parseJob, prepareJob } from '../../src/kinds/prepare.ts'

const kinds = createKinds()
const now = Date.UTC(2026, 0, 31, 12)
const nap = { kind: 'sleep', ms: 0 }

const prepare = (job: object) => prepareJob(parseJob(job), kinds, { id: 'x', now })

const errorsOf = (job: object): FieldError[] => {
  try {
    prepare(job)
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid') return error.extensions.errors as FieldError[]
    throw error
  }
  return []
}

describe('a delay', () => {
  test.each<[fields: object, runAt: number | undefined]>([
    [{}, undefined],
    [{ delayMs: 0 }, undefined],
    [{ delayMs: 250 }, now + 250],
    [{ delayMs: limits.longestMs }, now + limits.longestMs],
    [{ runAt: '2026-01-31T12:00:01Z' }, now + 1_000],
    [{ runAt: '2026-01-31T12:00:01.250Z' }, now + 1_250],
    [{ runAt: '2026-01-31T12:00:01.250999999Z' }, now + 1_250],
    [{ runAt: '2026-01-31T12:00:01+00:00' }, now + 1_000],
    [{ runAt: '2026-01-31T12:00:00Z' }, undefined],
    [{ runAt: '2026-01-31T11:59:59Z' }, undefined],
    [{ runAt: '1970-01-01T00:00:00Z' }, undefined],
  ])('of %j is due at %p, the same for a job, a task and the tasks of each', (fields, runAt) => {
    expect(prepare({ ...fields, tasks: [] }).runAt).toBe(runAt as number)
    expect(prepare({ tasks: [{ ...nap, ...fields }] }).tasks[0]?.runAt).toBe(runAt as number)
    const { tasks } = prepare({ each: { items: [1, 2], task: { ...nap, ...fields } } })
    expect(tasks.map((task) => task.runAt)).toEqual([runAt, runAt])
  })

  test('of a task begins when its job does', () => {
    const task = (fields: object) => prepare({ delayMs: 60_000, tasks: [{ ...nap, ...fields }] }).tasks[0]
    expect(task({})?.runAt).toBeUndefined()
    expect(task({ delayMs: 1_000 })?.runAt).toBe(now + 61_000)
    expect(task({ runAt: '2026-01-31T12:00:30Z' })?.runAt).toBeUndefined()
    expect(task({ runAt: '2026-01-31T12:01:30Z' })?.runAt).toBe(now + 90_000)
  })

  test('is no part of what the task does', () => {
    const fields = { delayMs: 1, queue: 'slow' }
    expect(prepare({ tasks: [{ ...nap, ...fields }] }).tasks[0]?.input).toBe('{"ms":0}')
    expect(prepare({ each: { items: [1], task: { ...nap, ...fields } } }).template).toBe('{"ms":0}')
  })

  test.each<[fields: object, message: string]>([
    [{ delayMs: -1 }, `Expected "delayMs" between 0 and ${limits.longestMs}, got -1.`],
    [{ delayMs: '5' }, `Expected "delayMs" to be a whole number between 0 and ${limits.longestMs}, got "5".`],
    [
      { runAt: 'tomorrow' },
      'Expected "runAt" to be a time in UTC such as "2026-01-31T12:00:00Z", got "tomorrow".',
    ],
    [
      { runAt: '2026-02-30T00:00:00Z' },
      'Expected "runAt" to be a time in UTC such as "2026-01-31T12:00:00Z", got "2026-02-30T00:00:00Z".',
    ],
    [{ runAt: '2026-01-31T24:00:00Z' }, 'got "2026-01-31T24:00:00Z".'],
    [{ runAt: '2026-01-31T12:00:00' }, 'got "2026-01-31T12:00:00".'],
    [{ runAt: '2026-01-31T12:00:00+02:00' }, 'got "2026-01-31T12:00:00+02:00".'],
    [{ runAt: '2026-01-31' }, 'got "2026-01-31".'],
    [{ runAt: now }, `got ${now}.`],
    [
      { runAt: '2027-01-31T12:00:00.001Z' },
      `Expected "runAt" at most ${limits.longestMs} ms from now, got "2027-01-31T12:00:00.001Z".`,
    ],
    [{ delayMs: 1, runAt: '2026-01-31T12:00:00Z' }, 'Expected either "delayMs" or "runAt", got both.'],
  ])('of %j is refused', (fields, message) => {
    expect(errorsOf({ ...fields, tasks: [] })[0]?.message).toContain(message)
    const at = (path: string) => message.replaceAll(/"(delayMs|runAt)"/g, `"${path}.$1"`)
    expect(errorsOf({ tasks: [{ ...nap, ...fields }] })[0]?.message).toContain(at('tasks[0]'))
    const [error] = errorsOf({ each: { items: [], task: { ...nap, ...fields } } })
    expect(error?.message).toContain(at('each.task'))
  })
})

describe('a unique key', () => {
  test('holds while the first job has not ended, unless it says otherwise', () => {
    const unique = (fields: object) => prepare({ tasks: [], unique: { key: 'k', ...fields } }).unique
    const states = ['scheduled', 'running', 'paused', 'stopping'] as const
    expect(unique({})).toEqual({ key: 'k', states, forMs: undefined })
    expect(unique({ whileState: ['running', 'succeeded'] })).toEqual({
      key: 'k',
      states: ['running', 'succeeded'],
      forMs: undefined,
    })
    expect(unique({ forMs: 60_000 })).toEqual({ key: 'k', states: [], forMs: 60_000 })
    expect(prepare({ tasks: [] }).unique).toBeUndefined()
  })

  test.each<[unique: unknown, message: string]>([
    ['k', 'Expected "unique" to be an object, got "k".'],
    [{}, 'Expected "unique.key" to be a string of 1 to 200 printable characters, got nothing.'],
    [{ key: '' }, 'Expected "unique.key" to be a string of 1 to 200 printable characters, got "".'],
    [{ key: 'k', whileState: [] }, 'Expected "unique.whileState" to be an array of 1 to 7 items, got [].'],
    [
      { key: 'k', whileState: ['done'] },
      'Expected "unique.whileState[0]" to be one of "scheduled", "running"',
    ],
    [{ key: 'k', forMs: 0 }, `Expected "unique.forMs" between 1 and ${limits.longestMs}, got 0.`],
    [
      { key: 'k', forMs: 1, whileState: ['running'] },
      'Expected either "unique.whileState" or "unique.forMs", got both.',
    ],
    [{ key: 'k', until: 1 }, 'Unknown field "unique.until"'],
  ])('%j is refused', (unique, message) => {
    expect(errorsOf({ tasks: [], unique })[0]?.message).toContain(message)
  })
})

test('an owner is kept', () => {
  const owner = { id: 'a', mostWaiting: 5 }
  expect(prepareJob(parseJob({ tasks: [] }), kinds, { id: 'x', now, owner }).owner).toEqual(owner)
})
