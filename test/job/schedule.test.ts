import { describe, expect, test } from 'bun:test'
import { Problem } from '../../src/job/errors.ts'
import {
  longestScheduledJob,
  parseSchedule,
  parseScheduleId,
  tooLong,
  withinJob,
} from '../../src/job/schedule.ts'

const messagesOf = (action: () => unknown): string[] => {
  try {
    action()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    expect(error.code).toBe('invalid')
    return (error.extensions.errors as { message: string }[]).map(({ message }) => message)
  }
  return []
}

const least = { cron: '@daily', job: { tasks: [] } }

describe('a schedule as it is sent', () => {
  test('needs an expression and a job, and may say more', () => {
    const whole = {
      ...least,
      name: 'nightly',
      timeZone: 'Europe/Berlin',
      missed: 'once',
      overlap: 'replace',
      paused: true,
    }
    expect(parseSchedule(least)).toEqual(least)
    expect<unknown>(parseSchedule(whole)).toEqual(whole)
  })

  test.each<[string, object, string]>([
    [
      'no expression',
      { cron: undefined },
      'Expected "cron" to be a string of 1 to 200 printable characters, got nothing.',
    ],
    [
      'an empty one',
      { cron: '' },
      'Expected "cron" to be a string of 1 to 200 printable characters, got "".',
    ],
    [
      'a number for one',
      { cron: 5 },
      'Expected "cron" to be a string of 1 to 200 printable characters, got 5.',
    ],
    [
      'no time zone in its place',
      { timeZone: '' },
      'Expected "timeZone" to be a string of 1 to 64 printable characters, got "".',
    ],
    ['a policy that is none', { missed: 'all' }, 'Expected "missed" to be one of "skip", "once", got "all".'],
    ['another', { overlap: 1 }, 'Expected "overlap" to be one of "allow", "skip", "replace", got 1.'],
    ['a state in words', { paused: 'yes' }, 'Expected "paused" to be true or false, got "yes".'],
    ['a slip of the pen', { timezone: 'UTC' }, 'Unknown field "timezone"; did you mean "timeZone"?'],
  ])('with %s is refused', (_, fields, message) => {
    const value = JSON.parse(JSON.stringify({ ...least, ...fields }))
    expect(messagesOf(() => parseSchedule(value))).toEqual([message])
  })

  test('without a job is refused', () => {
    expect(messagesOf(() => parseSchedule({ cron: '@daily' }))).toEqual([
      'Expected "job" to be an object, what POST /jobs takes, got nothing.',
    ])
    expect(messagesOf(() => parseSchedule('nightly'))).toEqual([
      'Expected "body" to be an object, got "nightly".',
    ])
  })
})

describe('an id of one’s own', () => {
  test.each(['nightly', 'a', 'Report.v2_final-1', '...', '0', 'x'.repeat(100)])('may be %s', (id) => {
    expect(parseScheduleId(id)).toBe(id)
  })

  test.each(['', '.', '..', 'a b', 'a/b', 'ä', 'a\n', '%', 'x'.repeat(101)])('may not be %j', (id) => {
    expect(messagesOf(() => parseScheduleId(id))[0]).toStartWith(
      'Expected "id" to be 1 to 100 letters, digits and any of . _ -, other than "." and "..", got "',
    )
  })
})

describe('the errors of a job', () => {
  test('are those of the field in which it stands', () => {
    const field = 'tasks[0].ms'
    expect(withinJob([{ field, message: 'Expected "tasks[0].ms" of at least 0, got -5.' }])).toEqual([
      { field: 'job.tasks[0].ms', message: 'Expected "job.tasks[0].ms" of at least 0, got -5.' },
    ])
    expect(withinJob([{ field: '', message: 'Expected "body" to be an object, got 5.' }])).toEqual([
      { field: 'job', message: 'Expected "job" to be an object, got 5.' },
    ])
  })

  test('say when it is too long', () => {
    expect(tooLong(longestScheduledJob + 1).message).toBe(
      'Expected "job" to be at most 262144 bytes of JSON, got 262145.',
    )
  })
})
