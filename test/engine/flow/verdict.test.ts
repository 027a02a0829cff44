import { expect, test } from 'bun:test'
import { verdictOf } from '../../../src/engine/flow/verdict.ts'
import type { ErrorCode } from '../../../src/job/errors.ts'

const failed = (code: ErrorCode, status?: number) =>
  verdictOf({
    type: 'failed',
    error: { code, message: '', ...(status !== undefined && { details: { status } }) },
  })

test('an attempt that is to be repeated, or failed as such a one does, says that the upstream is in trouble', () => {
  expect(verdictOf({ type: 'retry', error: { code: 'timeout', message: '' }, runAt: 0 })).toBe(false)
  expect([failed('timeout'), failed('connect_failed'), failed('handler_crashed')]).toEqual([
    false,
    false,
    false,
  ])
  expect([500, 503, 408, 429].map((status) => failed('unexpected_status', status))).not.toContain(true)
})

test('an attempt that was answered says that the upstream works, whether or not the answer is what the task wants', () => {
  expect(verdictOf({ type: 'succeeded', output: '1' })).toBe(true)
  expect([404, 401, 302].map((status) => failed('unexpected_status', status))).not.toContain(false)
  expect(failed('unexpected_body')).toBe(true)
})

test('an attempt that never asked, or was ended from outside, says nothing', () => {
  expect(failed('template_failed')).toBeUndefined()
  expect(failed('egress_refused')).toBeUndefined()
  expect(verdictOf({ type: 'release' })).toBeUndefined()
  expect(verdictOf({ type: 'snooze', runAt: 0 })).toBeUndefined()
})
