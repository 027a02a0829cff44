import { describe, expect, test } from 'bun:test'
import { Elysia, t } from 'elysia'
import {
  call,
  defineHandler,
  http,
  JobError,
  PendingError,
  SheafError,
  sheaf,
  sleep,
  TaskError,
} from '../../src/index.ts'
import { temporaryFolder } from '../support/folder.ts'
import { startUpstream } from '../support/upstream.ts'
import { greet, hostApp, refuse, startHost } from './rig.ts'

const once = { retry: { attempts: 1 } }
const hello = (name: string) => call(greet, { name })
const no = () => call(refuse, null, once)

/** What a promise rejects with. */
const reasonOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => {
      throw new Error(`It resolved with ${JSON.stringify(value)}`)
    },
    (error) => error,
  )

describe('the four, called in process', () => {
  test('all gives the outputs in input order, typed', async () => {
    await using host = startHost()
    const [nap, greeting] = await host.local.all([sleep(20), hello('Ada')])
    expect(nap satisfies null).toBeNull()
    expect(greeting.length).toBe('Hello, Ada!'.length)
  })

  test('all rejects with the error of the task that failed', async () => {
    await using host = startHost()
    const error = await reasonOf(host.local.all([sleep(600_000), no()]))
    expect(error).toBeInstanceOf(TaskError)
    expect(error).toMatchObject({ code: 'handler_failed', index: 1 })
  })

  test('allSettled tells how each did', async () => {
    await using host = startHost()
    expect(await host.local.allSettled([hello('Ada'), no()])).toMatchObject([
      { status: 'fulfilled', value: 'Hello, Ada!' },
      { status: 'rejected', reason: { code: 'handler_failed' } },
    ])
  })

  test('any takes the first that succeeds, and rejects with all errors when none does', async () => {
    await using host = startHost()
    expect(await host.local.any([no(), hello('Ada'), sleep(600_000)])).toBe('Hello, Ada!')
    const error = await reasonOf(host.local.any([no(), no()]))
    expect(error).toBeInstanceOf(AggregateError)
    expect(error).toMatchObject({ errors: [{ index: 0 }, { index: 1 }] })
  })

  test('race settles as the first task does', async () => {
    await using host = startHost()
    expect(await host.local.race([sleep(600_000), hello('Ada')])).toBe('Hello, Ada!')
    expect(await reasonOf(host.local.race([sleep(600_000), no()]))).toMatchObject({ index: 1 })
  })

  test('one that takes longer than it may is told so, and goes on', async () => {
    await using host = startHost()
    const error = await reasonOf(host.local.all([sleep(300)], { waitMs: 5 }))
    expect(error).toBeInstanceOf(PendingError)
    if (!(error instanceof PendingError)) throw error
    expect(await host.local.job(error.job).results()).toMatchObject([{ state: 'succeeded' }])
  })

  test('one that its caller gives up is cancelled', async () => {
    await using host = startHost()
    const caller = new AbortController()
    const gathered = host.local.all([sleep(600_000)], { signal: caller.signal, name: 'given up' })
    caller.abort(new Error('enough'))
    expect(await reasonOf(gathered)).toMatchObject({ message: 'enough' })
    const page = await host.app.handle(new Request('http://localhost/gather/jobs?name=given%20up'))
    const { data } = await page.json()
    for (const { id } of data) expect(await host.local.job(id).ended()).toMatchObject({ state: 'cancelled' })
  })

  test('what does not fit is refused as over HTTP', async () => {
    await using host = startHost()
    const error = await reasonOf(host.local.all([sleep(-5)]))
    expect(error).toBeInstanceOf(SheafError)
    expect(error).toMatchObject({
      code: 'invalid',
      status: 422,
      message: 'Expected "tasks[0].ms" between 0 and 31536000000, got -5.',
      errors: [{ field: 'tasks[0].ms' }],
    })
  })
})

describe('a job in process', () => {
  test('is followed, asked and changed as a remote one', async () => {
    await using host = startHost()
    const job = await host.local.submit([hello('Ada'), sleep(600_000)], { name: 'mixed' })
    for await (const event of job)
      if (event.type === 'tasks' && event.data.some(({ state }) => state === 'succeeded')) break
    expect(await job.snapshot()).toMatchObject({ name: 'mixed', state: 'running' })
    expect(await job.task(0)).toMatchObject({ index: 0, output: 'Hello, Ada!' })
    expect(await job.ended({ waitMs: 1 })).toMatchObject({ state: 'running' })
    await job.cancel()
    const ended = await job.ended()
    expect(ended).toMatchObject({ state: 'cancelled' })
    expect(await job.results()).toMatchObject([{ output: 'Hello, Ada!' }, { error: { code: 'cancelled' } }])
    const error = await reasonOf(host.local.job(job.id).pause())
    expect(error).toMatchObject({ code: 'conflict', status: 409 })
  })

  test('that does not exist is not found', async () => {
    await using host = startHost()
    const job = host.local.job('0191b7a2-0000-7000-8000-000000000000')
    const asks = [
      () => job.snapshot(),
      () => job.ended(),
      () => job.results(),
      () => job.cancel(),
      () => job.decided(),
    ]
    for (const ask of asks) expect(await reasonOf(ask())).toMatchObject({ code: 'not_found', status: 404 })
  })

  test('one that is cancelled rejects a gather with the error of the job', async () => {
    await using host = startHost()
    const gathered = reasonOf(host.local.all([sleep(600_000)], { timeoutMs: 20 }))
    expect(await gathered).toBeInstanceOf(JobError)
  })
})

describe('background', () => {
  test('is on disk before the response leaves, and runs after it', async () => {
    await using host = startHost()
    const app = host.app.post(
      '/signup',
      async ({ body, sheaf }) => {
        const { id } = await sheaf.background(greet, body)
        return { message: 'You will be greeted in the background', id }
      },
      { body: t.Object({ name: t.String() }) },
    )
    const response = await app.handle(
      new Request('http://localhost/signup', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'Ada' }),
      }),
    )
    const { id } = await response.json()
    expect(await host.local.job(id).results()).toMatchObject([{ output: 'Hello, Ada!' }])
    expect(await host.local.job(id).snapshot()).toMatchObject({ name: 'greet' })
  })

  test('takes what it is given for data, never for a placeholder', async () => {
    await using host = startHost({ secrets: { KEY: 'the secret' } })
    const job = await host.local.background(greet, { name: '{{secrets.KEY}} {{item}}' })
    expect(await job.results()).toMatchObject([{ output: 'Hello, {{secrets.KEY}} {{item}}!' }])
  })

  test('takes any task, and options of the job', async () => {
    await using host = startHost({ egressAllow: '127.0.0.1,localhost' })
    const upstream = await startUpstream()
    const job = await host.local.background(http<{ id: number }>(`${upstream.url}/users/1`), {
      name: 'ping',
      labels: { team: 'growth' },
      idempotencyKey: 'ping-1',
    })
    const [result] = await job.results()
    expect(result.output?.status).toBe(200)
    expect(await job.snapshot()).toMatchObject({ name: 'ping', labels: { team: 'growth' } })
    await upstream.stop()
  })

  test('the same key gives the same job, and another input is refused', async () => {
    await using host = startHost()
    const first = await host.local.background(greet, { name: 'Ada' }, { idempotencyKey: 'one' })
    const second = await host.local.background(greet, { name: 'Ada' }, { idempotencyKey: 'one' })
    expect(second.id).toBe(first.id)
    const other = host.local.background(greet, { name: 'Bob' }, { idempotencyKey: 'one' })
    expect(await reasonOf(other)).toMatchObject({ code: 'idempotency_mismatch', status: 422 })
  })

  test('an input that its handler would refuse is refused at once, and a handler that the server lacks', async () => {
    await using host = startHost()
    expect(await reasonOf(host.local.background(greet, { name: 7 } as never))).toMatchObject({
      code: 'invalid',
      errors: [{ field: 'tasks[0].input.name' }],
    })
    const stranger = defineHandler({ name: 'stranger', input: t.Any(), run: () => null })
    const error = await reasonOf(host.local.background(stranger, null))
    expect(error).toMatchObject({ code: 'invalid', errors: [{ field: 'tasks[0].handler' }] })
  })

  test('what ran when the app stopped runs when it is back', async () => {
    using folder = temporaryFolder()
    const database = folder.file('app.db')
    const started = Promise.withResolvers<void>()
    const hang = defineHandler({
      name: 'greet',
      input: t.Object({ name: t.String() }),
      run: () => {
        started.resolve()
        return new Promise<never>(() => {})
      },
    })
    const options = { database, prefix: '/gather', graceMs: 0, log: 'silent' } as const
    const { sheaf: first } = new Elysia().use(sheaf({ ...options, handlers: [hang] })).decorator
    const { id } = await first.background(hang, { name: 'Ada' })
    await started.promise
    await first.stop()
    const { sheaf: second } = hostApp(database).decorator
    expect(await second.job(id).results()).toMatchObject([{ output: 'Hello, Ada!' }])
    await second.stop()
  })
})
