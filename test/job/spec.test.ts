import { describe, expect, test } from 'bun:test'
import type { TSchema } from '@sinclair/typebox'
import fc from 'fast-check'
import { accepts } from '../../src/job/check.ts'
import { explain } from '../../src/job/explain.ts'
import { limits } from '../../src/job/limits.ts'
import { JobCommon, RetrySpec, TaskCommon } from '../../src/job/spec.ts'

const fieldsOf = (schema: TSchema, value: unknown) => explain(schema, value).map(({ field }) => field)

describe('a key', () => {
  test.each([
    'a',
    'user-1',
    '1.5',
    '1e3',
    '0x10',
    '7b',
    '…',
    '👋',
    '-',
    '+',
    'a/b',
    'a b',
    '...',
    'x'.repeat(200),
  ])('may be %j', (key) => {
    expect(fieldsOf(TaskCommon, { key })).toEqual([])
  })

  test.each([
    '',
    '0',
    '7',
    '007',
    '-1',
    '+1',
    '12345678901234567890',
    '.',
    '..',
    'a\nb',
    '7\n',
    '\0',
    '\ud800',
    '\udc00x',
    'x'.repeat(201),
    7,
    null,
  ])('may not be %j', (key) => {
    expect(fieldsOf(TaskCommon, { key })).toEqual(['key'])
  })

  test('is never what an index looks like', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.integer().map(String)), (key) => {
        if (accepts(TaskCommon, { key })) expect(key).not.toMatch(/^[+-]?\d+$/)
      }),
    )
  })

  test('comes back from UTF-8 as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (key) => {
        if (accepts(TaskCommon, { key })) expect(Buffer.from(key).toString()).toBe(key)
      }),
    )
  })
})

describe('the fields of a task', () => {
  test.each<[object, string[]]>([
    [{}, []],
    [{ queue: 'api', timeoutMs: 1, retry: {} }, []],
    [{ timeoutMs: limits.longestAttemptMs }, []],
    [{ timeoutMs: limits.longestAttemptMs + 1 }, ['timeoutMs']],
    [{ timeoutMs: 0 }, ['timeoutMs']],
    [{ timeoutMs: '5' }, ['timeoutMs']],
    [{ queue: '' }, ['queue']],
    [{ retry: null }, ['retry']],
    [{ queue: 'http:*' }, ['queue']],
    [{ delayMs: 5 }, []],
    [{ delayMs: -5 }, ['delayMs']],
    [{ runAt: '2026-01-31T12:00:00Z' }, []],
    [{ runAt: 'now' }, ['runAt']],
  ])('%j has the errors %j', (fields, errors) => {
    expect(fieldsOf(TaskCommon, fields)).toEqual(errors)
  })
})

describe('a retry', () => {
  test.each<[object, string[]]>([
    [{ attempts: 1, backoff: 'fixed', delayMs: 0, maxDelayMs: 0 }, []],
    [
      { attempts: 1_000, backoff: 'exponential', delayMs: limits.longestMs, maxDelayMs: limits.longestMs },
      [],
    ],
    [{ attempts: 0 }, ['attempts']],
    [{ attempts: 1_001 }, ['attempts']],
    [{ attempts: 2.5 }, ['attempts']],
    [{ backoff: 'linear' }, ['backoff']],
    [{ delayMs: -1, maxDelayMs: limits.longestMs + 1 }, ['delayMs', 'maxDelayMs']],
    [{ jitter: true }, ['jitter']],
  ])('%j has the errors %j', (fields, errors) => {
    expect(fieldsOf(RetrySpec, fields)).toEqual(errors)
  })
})

describe('the fields of a job', () => {
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`l${index}`, '']))

  test.each<[object, string[]]>([
    [{}, []],
    [
      {
        name: 'enrich',
        mode: 'all',
        tolerate: 3,
        concurrency: 32,
        priority: 9,
        timeoutMs: 600_000,
        keepMs: 0,
      },
      [],
    ],
    [{ mode: 'allSettled' }, []],
    [{ mode: 'any', quorum: 2 }, []],
    [{ mode: 'race' }, []],
    [{ mode: 'none' }, ['mode']],
    [{ tolerate: '5%' }, []],
    [{ tolerate: '0.125%' }, []],
    [{ tolerate: '100%' }, []],
    [{ tolerate: '101%' }, ['tolerate']],
    [{ tolerate: '-1%' }, ['tolerate']],
    [{ tolerate: '5' }, ['tolerate']],
    [{ tolerate: '%' }, ['tolerate']],
    [{ tolerate: -1 }, ['tolerate']],
    [{ tolerate: 0.5 }, ['tolerate']],
    [{ quorum: 0 }, ['quorum']],
    [{ priority: 0 }, ['priority']],
    [{ priority: 10 }, ['priority']],
    [{ concurrency: 0 }, ['concurrency']],
    [{ name: '' }, ['name']],
    [{ name: 'a\nb' }, ['name']],
    [{ name: 'x'.repeat(201) }, ['name']],
    [{ labels: { team: 'growth', 'app.example/v': '' } }, []],
    [{ labels: many(32) }, []],
    [{ labels: many(33) }, ['labels']],
    [{ labels: { 'a b': 'x' } }, ["labels['a b']"]],
    [{ labels: { 'a\n': 'x' } }, ["labels['a\\n']"]],
    [{ labels: { a: 1 } }, ['labels.a']],
    [{ labels: ['a'] }, ['labels']],
    [{ keepMs: -1 }, ['keepMs']],
    [{ hook: {}, after: [] }, ['hook', 'after']],
  ])('%j have the errors %j', (fields, errors) => {
    expect(fieldsOf(JobCommon, fields)).toEqual(errors)
  })
})
