import { expect, test } from 'bun:test'
import { limits } from '../../src/job/limits.ts'
import { sleep } from '../../src/kinds/sleep.ts'
import { TestContext } from './context.ts'

const slept = { type: 'succeeded', output: 'null' } as const

test('a sleep of 0 ms is over at once, without a promise, a timer or a signal', () => {
  const context = new TestContext()
  expect(sleep.run({ ms: 0 }, context)).toEqual(slept)
  expect(context.clock.pending).toBe(0)
  expect(context.signalsMade).toBe(0)
})

test('a sleep is over after its ms, and not before', async () => {
  const context = new TestContext()
  let result: unknown
  const done = Promise.resolve(sleep.run({ ms: 250 }, context)).then((value) => {
    result = value
  })
  await context.clock.advance(249)
  expect(result).toBeUndefined()
  await context.clock.advance(1)
  await done
  expect(result).toEqual(slept)
})

test('an aborted sleep settles at once and leaves no timer', async () => {
  const context = new TestContext()
  const result = sleep.run({ ms: 1_000 }, context)
  expect(context.clock.pending).toBe(1)
  context.controller.abort()
  expect(await result).toMatchObject({ type: 'failed', retryable: false })
  expect(context.clock.pending).toBe(0)
})

test('a sleep that starts aborted arms no timer', async () => {
  const context = new TestContext()
  context.controller.abort()
  expect(await sleep.run({ ms: 1_000 }, context)).toMatchObject({ type: 'failed' })
  expect(context.clock.pending).toBe(0)
})

test('the default timeout of a sleep is never shorter than the sleep', () => {
  for (const ms of [0, 1, 30_000, limits.longestMs]) expect(sleep.timeoutMs({ ms })).toBeGreaterThan(ms)
})

test('every sleep is in the queue "sleep"', () => {
  expect(sleep.queue({ ms: 5 })).toBe('sleep')
})
