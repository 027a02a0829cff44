import { describe, expect, test } from 'bun:test'
import { Attempt, type AttemptHost } from '../../src/engine/attempt.ts'
import { Timers } from '../../src/engine/timers.ts'
import type { Kind, RunContext, RunResult } from '../../src/kinds/kind.ts'
import type { AttemptResult, Claim } from '../../src/store/store.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { echo, refused, Script } from '../support/script.ts'

const claimOf = (overrides: Partial<Claim> = {}): Claim => ({
  job: 1,
  jobId: '0192d4e0-0000-7000-8000-000000000001',
  index: 7,
  key: undefined,
  kind: 'script',
  queue: 'script',
  queueNumber: 1,
  attempt: 1,
  failures: 0,
  waitedMs: 0,
  input: '{}',
  template: undefined,
  options: undefined,
  defaults: {},
  concurrency: undefined,
  mode: 'allSettled',
  startedAt: 0,
  ...overrides,
})

/** An attempt with nothing around it, and all that it told. */
const attemptOf = (kind: Kind, overrides: Partial<Claim> = {}, maxOutputBytes = 100) => {
  const clock = fakeClock(1_000)
  clock.random = () => 0.5
  const results: AttemptResult[] = []
  const told: unknown[] = []
  const logs: { level: string; message: string; fields: Record<string, unknown> | undefined }[] = []
  const host: AttemptHost = {
    clock,
    timers: new Timers(clock),
    maxOutputBytes,
    sourcesOf: () => ({ output: async () => undefined, secret: () => undefined }),
    dependency: async () => undefined,
    progress: (_, progress) => void told.push(progress),
    upstream: () => {},
    log: (_, level, message, fields) => void logs.push({ level, message, fields }),
    ended: (_, result) => void results.push(result),
  }
  return { attempt: new Attempt(claimOf(overrides), kind, host), clock, results, told, logs }
}

/** One run of the script, begun. */
const scripted = async (overrides: Partial<Claim> = {}) => {
  const script = new Script()
  const made = attemptOf(script, overrides)
  made.attempt.run()
  return { ...made, run: await script.nth(1), settle: () => made.clock.advance(0) }
}

const kindOf = (run: Kind['run']): Kind => ({ ...echo, run })

describe('the end of an attempt', () => {
  test('a result that is there at once ends it at once', () => {
    const { attempt, results, clock } = attemptOf(echo, { input: '{"value":"x"}' })
    attempt.run()
    expect(results).toEqual([{ type: 'succeeded', output: '"x"' }])
    expect(clock.pending).toBe(0)
  })

  test('an output longer than is kept fails it for good', () => {
    for (const [output, kept] of [
      ['x'.repeat(100), true],
      ['x'.repeat(101), false],
      ['é'.repeat(50), true],
      ['é'.repeat(51), false],
      ['€'.repeat(34), false],
    ] as const) {
      const { attempt, results } = attemptOf(kindOf(() => ({ type: 'succeeded', output })))
      attempt.run()
      expect(results.map(({ type }) => type)).toEqual([kept ? 'succeeded' : 'failed'])
      if (!kept) expect(results[0]).toMatchObject({ error: { code: 'output_too_large' } })
    }
  })

  test('a snooze is due after its delay', async () => {
    const { run, results, settle } = await scripted()
    run.snooze(1_234)
    await settle()
    expect(results).toEqual([{ type: 'snooze', runAt: 2_234 }])
  })

  test('what comes after the end is dropped', async () => {
    const { attempt, run, results, told, settle } = await scripted()
    attempt.interrupt('cancel')
    run.succeed()
    attempt.interrupt('release')
    run.context.progress({ done: 1 })
    await settle()
    expect(results).toEqual([{ type: 'cancelled', error: expect.objectContaining({ code: 'cancelled' }) }])
    expect(told).toEqual([])
  })

  test('a throw after the end is dropped, and not logged', async () => {
    const { attempt, run, results, logs, settle } = await scripted()
    attempt.interrupt('release')
    run.throw(new Error('late'))
    await settle()
    expect(results).toEqual([{ type: 'release' }])
    expect(logs).toEqual([])
  })
})

describe('a timeout', () => {
  const timeouts: [what: string, claim: Partial<Claim>, ms: number][] = [
    ['of the task', { options: '{"timeoutMs":10}', defaults: { timeoutMs: 20 } }, 10],
    ['of the job when the task has none', { options: '{"retry":{}}', defaults: { timeoutMs: 20 } }, 20],
    ['of the kind when neither has one', {}, 60_000],
  ]
  for (const [what, claim, ms] of timeouts)
    test(`is that ${what}`, async () => {
      const { clock, results } = await scripted({ ...claim, failures: 1_000 })
      await clock.advance(ms - 1)
      expect(results).toEqual([])
      await clock.advance(1)
      const message = `The attempt took longer than its timeoutMs of ${ms}.`
      expect(results).toEqual([{ type: 'failed', error: { code: 'timeout', message } }])
      expect(clock.pending).toBe(0)
    })

  test('is not put off by a clock that is set forwards meanwhile', async () => {
    const { attempt, clock, results } = await scripted({ defaults: { timeoutMs: 20 } })
    const now = clock.now
    clock.now = () => now() + 3_600_000
    await clock.advance(20)
    expect(results).toMatchObject([{ type: 'retry', error: { code: 'timeout' } }])
    expect(attempt.attempt).toBe(1)
  })

  test('aborts the signal, and another attempt may follow', async () => {
    const { attempt, clock, results } = await scripted({ defaults: { timeoutMs: 20 } })
    const { signal } = attempt
    await clock.advance(20)
    expect(signal.aborted).toBe(true)
    expect(results).toMatchObject([{ type: 'retry', error: { code: 'timeout' } }])
  })
})

describe('retries', () => {
  const retryAt = async (claim: Partial<Claim>) => {
    const { run, results, settle } = await scripted(claim)
    run.fail()
    await settle()
    const [result] = results
    return result?.type === 'retry' ? result.runAt - 1_000 : result?.type
  }

  test('half of the bound at a random of 0.5; the bound doubles, up to the longest delay', async () => {
    const retry = { attempts: 20, delayMs: 100, maxDelayMs: 1_000 }
    const delays = await Promise.all(
      [0, 1, 2, 3, 4, 5].map((failures) => retryAt({ failures, defaults: { retry } })),
    )
    expect(delays).toEqual([50, 100, 200, 400, 500, 500])
  })

  test('a fixed backoff does not grow', async () => {
    const retry = { attempts: 20, delayMs: 100, backoff: 'fixed' } as const
    expect(await retryAt({ failures: 9, defaults: { retry } })).toBe(50)
  })

  test('three attempts unless job or task say otherwise; the task says it field by field', async () => {
    expect(await retryAt({ failures: 1 })).toBe(500)
    expect(await retryAt({ failures: 2 })).toBe('failed')
    const defaults = { retry: { attempts: 5, delayMs: 10 } }
    expect(await retryAt({ failures: 3, defaults })).toBe(40)
    expect(await retryAt({ failures: 4, defaults })).toBe('failed')
    const options = '{"retry":{"attempts":9}}'
    expect(await retryAt({ failures: 4, defaults, options })).toBe(80)
  })

  test('what is not retryable fails at once', async () => {
    const { run, results, settle } = await scripted()
    run.fail(false)
    await settle()
    expect(results).toEqual([{ type: 'failed', error: refused }])
  })
})

describe('a kind that throws', () => {
  const secret = new Error('password=hunter2')
  const throws: [how: string, kind: Kind][] = [
    [
      'at once',
      kindOf(() => {
        throw secret
      }),
    ],
    ['later', kindOf(() => Promise.reject(secret))],
    [
      'when asked for its timeout',
      {
        ...echo,
        timeoutMs: () => {
          throw secret
        },
      },
    ],
  ]
  for (const [how, kind] of throws)
    test(`${how} fails the attempt with "internal", and shows nothing of its inside but in the log`, async () => {
      const { attempt, clock, results, logs } = attemptOf(kind)
      attempt.run()
      await clock.advance(0)
      const error = { code: 'internal', message: 'Sheaf failed while running the task.' }
      expect(results).toMatchObject([{ type: 'retry', error, runAt: 1_250 }])
      expect(logs).toEqual([
        { level: 'error', message: 'A kind threw', fields: { kind: 'script', error: secret } },
      ])
      expect(clock.pending).toBe(0)
    })

  test('also an input that is no JSON is a bug that shows nothing', () => {
    const { attempt, results } = attemptOf(echo, { input: '{"secret' })
    attempt.run()
    expect(results).toMatchObject([{ type: 'retry', error: { code: 'internal' } }])
    expect(JSON.stringify(results)).not.toContain('secret')
  })
})

describe('what a kind is given', () => {
  test('names the task, its attempt, and a key that every attempt shares', () => {
    const { attempt } = attemptOf(echo, { key: 'user', attempt: 3 })
    const { job, index, key, idempotencyKey } = attempt
    expect({ job, index, key, attempt: attempt.attempt, idempotencyKey }).toEqual({
      job: '0192d4e0-0000-7000-8000-000000000001',
      index: 7,
      key: 'user',
      attempt: 3,
      idempotencyKey: '0192d4e0-0000-7000-8000-000000000001-7',
    })
    expect(attemptOf(echo, { attempt: 4 }).attempt.idempotencyKey).toBe(idempotencyKey)
  })

  test('a signal that is aborted when the attempt ends, however it ends', async () => {
    const ends: ((made: Awaited<ReturnType<typeof scripted>>) => void)[] = [
      ({ run }) => run.succeed(),
      ({ attempt }) => attempt.interrupt('cancel'),
      ({ attempt }) => attempt.interrupt('release'),
    ]
    for (const end of ends) {
      const made = await scripted()
      const { signal } = made.attempt
      let aborts = 0
      signal.addEventListener('abort', () => {
        aborts += 1
      })
      expect(made.attempt.signal).toBe(signal)
      expect(signal.aborted).toBe(false)
      end(made)
      await made.settle()
      expect(signal.aborted).toBe(true)
      expect(aborts).toBe(1)
    }
  })

  test('a signal that is first asked for after the end is aborted', async () => {
    const { attempt, settle, run } = await scripted()
    run.succeed()
    await settle()
    expect(attempt.signal.aborted).toBe(true)
    expect(attempt.signal).toBe(attempt.signal)
  })

  test('a signal that serves another attempt, if the kind let go of it and was never told to stop', async () => {
    const begun: { signal: AbortSignal; end(result: RunResult): void }[] = []
    const kind: Kind = {
      ...echo,
      letsGoOfSignal: true,
      run: (_, { signal }) => new Promise((end) => begun.push({ signal, end })),
    }
    const begin = () => {
      const made = attemptOf(kind)
      made.attempt.run()
      const run = begun.at(-1)
      if (!run) throw new Error('The kind was not run')
      return { ...made, ...run, settle: () => made.clock.advance(0) }
    }
    const first = begin()
    first.end({ type: 'succeeded', output: '1' })
    await first.settle()
    expect(first.signal.aborted).toBe(false)
    expect(first.attempt.signal).not.toBe(first.signal)
    expect(first.attempt.signal.aborted).toBe(true)

    const second = begin()
    expect(second.signal).toBe(first.signal)
    second.attempt.interrupt('cancel')
    second.end({ type: 'succeeded', output: '2' })
    await second.settle()
    expect(second.signal.aborted).toBe(true)

    const third = begin()
    expect(third.signal).not.toBe(second.signal)
    expect(third.signal.aborted).toBe(false)
    third.end({ type: 'failed', error: refused, retryable: true })
    await third.settle()
    expect(third.signal.aborted).toBe(true)
  })

  test('timers that end with the attempt, and that do not start after it', async () => {
    let fired = 0
    let context: RunContext | undefined
    const fire = () => {
      fired += 1
    }
    const { promise, resolve } = Promise.withResolvers<RunResult>()
    const kind = kindOf((_, given) => {
      context = given
      given.after(10, fire)
      given.after(100, fire)
      given.after(20, fire)()
      return promise
    })
    const { attempt, clock } = attemptOf(kind)
    attempt.run()
    await clock.advance(50)
    expect(fired).toBe(1)
    resolve({ type: 'succeeded', output: 'null' })
    await clock.advance(0)
    expect(clock.pending).toBe(0)
    context?.after(10, fire)
    expect(clock.pending).toBe(0)
    await clock.advance(1_000)
    expect(fired).toBe(1)
  })

  test('a log of its own, and progress that is passed on while it runs', async () => {
    const { run, told, logs } = await scripted()
    run.context.progress({ done: 1, total: 2 })
    run.context.log('halfway', { done: 1 })
    expect(told).toEqual([{ done: 1, total: 2 }])
    expect(logs).toEqual([{ level: 'debug', message: 'halfway', fields: { done: 1 } }])
  })
})
