import { describe, expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { clockOf, steady } from '../../src/clock.ts'
import { defineHandler } from '../../src/kinds/handler.ts'
import { createLog } from '../../src/log.ts'
import { type FakeClock, fakeClock } from '../../src/testing/clock.ts'
import { jobOf, startEngine } from '../support/engine.ts'
import { startServer } from '../support/server.ts'
import { ask, submit, until } from './support/ask.ts'

const hour = 3_600_000
const day = 24 * hour

/** A fake clock whose machine's clock can be set. */
const settableClock = () => {
  const clock = fakeClock()
  const started = clock.now()
  let setBy = 0
  const elapsed = () => clock.now() - started
  const wall = () => clock.now() + setBy
  const now = steady(wall, elapsed)
  const settable: FakeClock = Object.create(clock, {
    now: { value: now },
    wall: { value: wall },
    elapsed: { value: elapsed },
  })
  return {
    clock: settable,
    set: (by: number) => {
      setBy += by
    },
  }
}

describe('the time of the server', () => {
  const machine = () => {
    const at = { wall: 1_000_000_000, elapsed: 0 }
    const now = steady(
      () => at.wall,
      () => at.elapsed,
    )
    const pass = (ms: number) => {
      at.wall += ms
      at.elapsed += ms
    }
    return { at, now, pass }
  }

  test('is that of the machine, as long as nobody sets it', () => {
    const { at, now, pass } = machine()
    for (const ms of [0, 1, 500, day]) {
      pass(ms)
      expect(now()).toBe(at.wall)
    }
  })

  test('follows a clock that is set forwards at once', () => {
    const { at, now } = machine()
    at.wall += day
    expect(now()).toBe(at.wall)
  })

  test('goes on at half speed when the clock is set back, until both are one again', () => {
    const { at, now, pass } = machine()
    const before = now()
    at.wall -= hour
    expect(now()).toBe(before)
    pass(1_000)
    expect(now()).toBe(before + 500)
    pass(2 * hour - 1_000)
    expect(now()).toBe(before + hour)
    pass(1_000)
    expect(now()).toBe(at.wall)
  })

  test('goes on however often it is asked', () => {
    const { at, now, pass } = machine()
    const before = now()
    at.wall -= hour
    for (let asked = 0; asked < 10_000; asked += 1) {
      pass(0.1)
      now()
    }
    expect(now() - before).toBeWithin(495, 501)
  })
})

describe('a clock that is set back by an hour', () => {
  test('delays a retry to twice its time at most, and runs it once', async () => {
    const { clock, set } = settableClock()
    await using rig = await startEngine({ clock })
    const job = await rig.submit(jobOf(1, { defaults: { retry: { backoff: 'fixed', delayMs: 10_000 } } }))
    ;(await rig.script.nth(1)).fail()
    await rig.settle()
    set(-hour)
    await rig.clock.advance(20_000)
    expect(rig.script.runs.length).toBe(2)
    rig.script.runs[1]?.succeed()
    expect(await rig.ended(job)).toMatchObject({ state: 'succeeded' })
    await rig.clock.advance(2 * hour)
    expect(rig.script.runs.length).toBe(2)
  })

  test('opens a queue with a rate in twice its time at most, and never for more than the rate', async () => {
    const { clock, set } = settableClock()
    await using rig = await startEngine({
      clock,
      queueDefaults: { script: { rate: { limit: 2, perMs: 60_000 } } },
    })
    await rig.submit(jobOf(4))
    await rig.script.started(2)
    set(-hour)
    await rig.clock.advance(59_000)
    expect(rig.script.runs.length).toBe(2)
    await rig.clock.advance(62_000)
    expect(rig.script.runs.length).toBe(4)
    for (const run of rig.script.runs) run.succeed()
    await rig.settle()
  })

  test('leaves timeouts of attempts as they are', async () => {
    const { clock, set } = settableClock()
    await using rig = await startEngine({ clock })
    const job = await rig.submit(jobOf(1, { defaults: { timeoutMs: 5_000, retry: { attempts: 1 } } }))
    await rig.script.nth(1)
    set(-hour)
    await rig.clock.advance(5_000)
    expect(await rig.ended(job)).toMatchObject({ counts: { failed: 1 } })
  })
})

describe('a clock that is set forwards by a day', () => {
  test('makes due what waits, within the concurrency, and once', async () => {
    const { clock, set } = settableClock()
    await using rig = await startEngine({ clock, concurrency: 4 })
    await rig.submit(jobOf(20, { runAt: clock.now() + hour }))
    await rig.settle()
    set(day)
    // The timer for the job knows nothing of it; any commit does.
    await rig.submit(jobOf(1))
    await rig.settle()
    expect(rig.script.runs.length).toBe(4)
    for (let ended = 0; ended < 21; ended += 1) {
      rig.script.runs[ended]?.succeed()
      await rig.clock.advance(10)
    }
    expect(rig.script.runs.length).toBe(21)
  })

  test('times no attempt out that runs', async () => {
    const { clock, set } = settableClock()
    await using rig = await startEngine({ clock })
    const job = await rig.submit(jobOf(1, { defaults: { timeoutMs: 60_000 } }))
    const run = await rig.script.nth(1)
    set(day)
    await rig.clock.advance(59_000)
    run.succeed()
    expect(await rig.ended(job)).toMatchObject({ state: 'succeeded' })
  })
})

test('a server whose clock is set says so, and goes on', async () => {
  let setBy = 0
  const clock = clockOf({ wall: () => Date.now() + setBy })
  const lines: string[] = []
  const log = createLog({ level: 'warn', clock, format: 'json', write: (line) => lines.push(line) })
  let runs = 0
  const flaky = defineHandler({
    name: 'flaky',
    input: Type.Null(),
    run: () => {
      runs += 1
      if (runs % 2 === 1) throw new Error('not yet')
    },
  })
  await using server = await startServer({ clock, log, handlers: [flaky] })
  const once = { retry: { backoff: 'fixed', delayMs: 200 }, tasks: [{ kind: 'call', handler: 'flaky' }] }
  const { body: job } = await submit(server.url, once)
  await until(server.url, `/jobs/${job.id}/tasks/0`, ({ body }) => body.attempt === 1)
  setBy = -hour
  const { body } = await until(server.url, '/readyz', ({ body: { warnings } }) => warnings !== undefined)
  expect(body).toMatchObject({ status: 'ok', warnings: [{ code: 'clock_behind' }] })
  await until(server.url, `/jobs/${job.id}`, ({ body: { state } }) => state === 'succeeded')
  expect(runs).toBe(2)

  const { body: later } = await submit(server.url, { delayMs: day, tasks: [{ kind: 'sleep', ms: 1 }] })
  setBy = 2 * day
  await until(server.url, `/jobs/${later.id}`, ({ body: { state } }) => state === 'succeeded')
  await until(server.url, '/readyz', ({ body: { warnings } }) => warnings === undefined)
  expect((await ask(server.url, `/jobs/${job.id}`)).status).toBe(200)
  const messages = lines.map((line) => JSON.parse(line).message)
  expect(messages).toContain('The clock of the machine was set back.')
  expect(messages).toContain('The clock was set forwards, or the machine slept')
  expect(messages).toContain('Over: The clock of the machine was set back.')
}, 10_000)
