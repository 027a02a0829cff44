import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  call,
  each,
  type GatherOptions,
  JobError,
  type Sheaf,
  SheafError,
  sleep,
  type Task,
  TaskError,
} from '../../src/client.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { createGate } from './support/gate.ts'
import { connect, failOnLeaks, watched } from './support/leaks.ts'

failOnLeaks()

const gate = createGate()
const open = watched()
let server: TestServer
let sheaf: Sheaf

beforeAll(async () => {
  server = await startServer({ handlers: [gate.handler] })
  sheaf = connect(server.url, open.options)
})
afterAll(async () => {
  await sheaf.close()
  await open.expectNothingOpen()
  await server[Symbol.asyncDispose]()
})

let names = 0
/** Tasks that end when they are told to, and their names. */
const gated = (count: number) => {
  const keys = Array.from({ length: count }, () => `task ${++names}`)
  return { keys, tasks: keys.map((key) => call<string>('gate', key)) }
}

/** How a promise settled, in a form that two of them can be compared by. */
const settlementOf = async (promise: Promise<unknown>) => {
  const say = (error: unknown): unknown =>
    error instanceof AggregateError ? error.errors.map(say) : error instanceof Error ? error.message : error
  return promise.then(
    (value) => ({ value }),
    (error) => ({ error: say(error) }),
  )
}

const modes = ['all', 'allSettled', 'any', 'race'] as const
type Gather = (tasks: Iterable<Task>, options?: GatherOptions) => Promise<unknown>

/** The four without their types: called by name, overloads have none in common. */
const by = (mode: (typeof modes)[number]): Gather => {
  const gathers: Record<(typeof modes)[number], Gather> = sheaf
  return gathers[mode]
}

const orders = (n: number): number[][] =>
  n === 0
    ? [[]]
    : orders(n - 1).flatMap((order) =>
        order.map((_, at) => order.toSpliced(at, 0, n - 1)).concat([[...order, n - 1]]),
      )

const outcomes = (n: number): boolean[][] =>
  n === 0
    ? [[]]
    : outcomes(n - 1).flatMap((rest) => [
        [...rest, true],
        [...rest, false],
      ])

describe('the Promise function of the same name', () => {
  const byPromise = async (mode: (typeof modes)[number], succeeds: boolean[], order: number[]) => {
    const tasks = succeeds.map(() => Promise.withResolvers<string>())
    const promises = tasks.map(({ promise }) => promise)
    const gather = { all: Promise.all, allSettled: Promise.allSettled, any: Promise.any, race: Promise.race }
    const settlement = settlementOf(gather[mode].call(Promise, promises))
    for (const index of order) {
      if (succeeds[index]) tasks[index]?.resolve(`value ${index}`)
      else tasks[index]?.reject(new Error(`error ${index}`))
      await Promise.resolve()
    }
    return settlement
  }

  const bySheaf = async (mode: (typeof modes)[number], succeeds: boolean[], order: number[]) => {
    const { keys, tasks } = gated(succeeds.length)
    const settlement = settlementOf(by(mode)(tasks))
    await gate.running(...keys)
    for (const index of order) {
      const key = keys[index] ?? ''
      if (succeeds[index]) gate.succeed(key, `value ${index}`)
      else gate.fail(key, `error ${index}`)
    }
    return settlement
  }

  /** Reasons of allSettled are errors of different classes, which say the same. */
  const plain = (settlement: unknown) =>
    JSON.parse(JSON.stringify(settlement, (_, value) => (value instanceof Error ? value.message : value)))

  for (const mode of modes)
    for (const n of mode === 'race' ? [1, 2, 3] : [0, 1, 2, 3])
      test(`${mode} of ${n}: the same value or error, whatever succeeds and in whatever order`, async () => {
        const cases = outcomes(n).flatMap((succeeds) => orders(n).map((order) => ({ succeeds, order })))
        await Promise.all(
          cases.map(async ({ succeeds, order }) => {
            const [ours, theirs] = await Promise.all([
              bySheaf(mode, succeeds, order),
              byPromise(mode, succeeds, order),
            ])
            expect(plain(ours)).toEqual(plain(theirs))
          }),
        )
      })
})

describe('a gather', () => {
  test('gives values in input order, not in the order of their ends', async () => {
    const { keys, tasks } = gated(3)
    const all = sheaf.all(tasks)
    await gate.running(...keys)
    for (const key of keys.toReversed()) gate.succeed(key)
    expect(await all).toEqual(keys)
  })

  test('keeps null, and values that look like dates or numbers, as they are', async () => {
    const values = [
      null,
      '2026-01-01T00:00:00.000Z',
      '1',
      'true',
      0,
      '',
      { at: 'Thu Jan 01 1970 00:00:00 GMT+0000 (UTC)' },
    ]
    const { keys, tasks } = gated(values.length)
    for (const [index, key] of keys.entries()) gate.succeed(key, values[index])
    expect(await sheaf.all<unknown>(tasks)).toEqual(values)
    expect(
      await Promise.all(keys.map((_, index) => sheaf.any<unknown>(tasks.slice(index, index + 1)))),
    ).toEqual(values)
  })

  test('race of nothing asks nothing of the server, and is rejected by its signal or the end of the client alone', async () => {
    const client = connect('http://sheaf.test', {
      ...open.options,
      fetch: () => Promise.reject(new TypeError('It was asked')),
    })
    const abort = new AbortController()
    const aborted = client.race([], { signal: abort.signal }).catch((error: unknown) => error)
    const closed = client.race(each([], sleep(0))).catch((error: unknown) => error)
    abort.abort('enough')
    expect(await aborted).toBe('enough')
    await client.close()
    expect(await closed).toMatchObject({ code: 'closed' })
  })

  test('all rejects when the first task fails, though others run on for ever', async () => {
    const { keys, tasks } = gated(2)
    const all = sheaf.all([...tasks, sleep(1_000_000)])
    await gate.running(...keys)
    gate.fail(keys[1] ?? '')
    await expect(all).rejects.toMatchObject({ index: 1, code: 'handler_failed' })
  })

  test('any and race settle when the first task succeeds, though others run on for ever', async () => {
    for (const mode of ['any', 'race'] as const) {
      const { keys, tasks } = gated(2)
      const winner = by(mode)([sleep(1_000_000), ...tasks])
      await gate.running(...keys)
      gate.succeed(keys[1] ?? '', mode)
      expect(await winner).toBe(mode)
    }
  })

  test('a failed task rejects with a TaskError that says which, of which job, and why', async () => {
    const failing = call('gate', 'failing', { key: 'mine', retry: { attempts: 1 } })
    gate.fail('failing', 'out of paper')
    const error: TaskError = await sheaf.all([sleep(0), failing]).catch((reason) => reason)
    expect(error).toBeInstanceOf(TaskError)
    expect(error).toBeInstanceOf(SheafError)
    expect(error).toMatchObject({
      name: 'TaskError',
      code: 'handler_failed',
      message: 'out of paper',
      index: 1,
      key: 'mine',
    })
    expect((await sheaf.job(error.job).snapshot()).mode).toBe('all')
  })

  test('of any, the errors are in input order, whichever came first', async () => {
    const { keys, tasks } = gated(3)
    const any = sheaf.any(tasks)
    await gate.running(...keys)
    for (const key of keys.toReversed()) gate.fail(key)
    const error: AggregateError = await any.catch((reason) => reason)
    expect(error).toBeInstanceOf(AggregateError)
    expect(error.errors.map(({ message, index }: TaskError) => ({ message, index }))).toEqual(
      keys.map((message, index) => ({ message, index })),
    )
    expect(error.errors[0]).toBeInstanceOf(TaskError)
  })

  test.each(modes)('%s rejects with a JobError when somebody else cancels the job', async (mode) => {
    const { keys, tasks } = gated(1)
    const gathered = by(mode)(tasks, { name: `cancelled ${mode}` })
    const settled = gathered.catch((reason: unknown) => reason)
    await gate.running(...keys)
    const { data } = await sheaf.api.jobs.get({ query: { name: `cancelled ${mode}` } })
    await sheaf.job(data?.data[0]?.id ?? '').cancel()
    const error = await settled
    expect(error).toBeInstanceOf(JobError)
    expect(error).toMatchObject({ code: 'cancelled', snapshot: { outcome: 'cancelled' } })
  })

  test.each(modes)('%s rejects with a JobError when the job takes too long', async (mode) => {
    const error = await by(mode)([sleep(1_000_000)], { timeoutMs: 1 }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(JobError)
    expect(error).toMatchObject({ code: 'timeout', snapshot: { outcome: 'failed' } })
  })

  test('a job that the server does not accept rejects with its problem', async () => {
    const error = await sheaf.all([sleep(-1)]).catch((reason) => reason)
    expect(error).toBeInstanceOf(SheafError)
    expect(error).toMatchObject({ code: 'invalid', status: 422 })
    expect(error.message).toContain('got -1')
  })

  test('passes its options on to the job', async () => {
    const { keys, tasks } = gated(1)
    gate.succeed(keys[0] ?? '')
    await sheaf.all(tasks, { name: 'with options', labels: { team: 'growth' }, priority: 9, concurrency: 3 })
    const { data } = await sheaf.api.jobs.get({ query: { name: 'with options' } })
    expect(data?.data).toMatchObject([
      {
        name: 'with options',
        mode: 'all',
        labels: { team: 'growth' },
        priority: 9,
        concurrency: 3,
        state: 'succeeded',
      },
    ])
  })

  test('many at once share one socket', async () => {
    const before = open.opened
    const { keys, tasks } = gated(20)
    const all = Promise.all(tasks.map((task) => sheaf.all([task])))
    await gate.running(...keys)
    for (const key of keys) gate.succeed(key)
    expect(await all).toEqual(keys.map((key) => [key]))
    expect(open.opened - before).toBe(1)
  })
})

describe('an abort', () => {
  const reason = new Error('changed my mind')

  test.each(modes)('of %s rejects with its reason, and cancels the job', async (mode) => {
    const { keys, tasks } = gated(1)
    const abort = new AbortController()
    const name = `aborted ${mode}`
    const gathered = by(mode)(tasks, { name, signal: abort.signal }).catch((error: unknown) => error)
    await gate.running(...keys)
    abort.abort(reason)
    expect(await gathered).toBe(reason)
    const { data } = await sheaf.api.jobs.get({ query: { name } })
    const job = sheaf.job(data?.data[0]?.id ?? '')
    expect((await job.ended()).state).toBe('cancelled')
  })

  test('from before asks nothing of the server', async () => {
    const name = 'never submitted'
    await expect(sheaf.all([sleep(0)], { name, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const { data } = await sheaf.api.jobs.get({ query: { name } })
    expect(data?.data).toEqual([])
  })

  test('after the end changes nothing', async () => {
    const abort = new AbortController()
    const name = 'aborted late'
    await sheaf.all([sleep(0)], { name, signal: abort.signal })
    abort.abort(reason)
    const { data } = await sheaf.api.jobs.get({ query: { name } })
    expect(data?.data[0]?.state).toBe('succeeded')
  })
})
