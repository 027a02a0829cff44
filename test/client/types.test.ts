import { describe, expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import {
  call,
  connect,
  email,
  type FollowEvent,
  type HttpOutput,
  http,
  type Job,
  type JobView,
  type Outputs,
  type QueueView,
  type Result,
  type Sheaf,
  sleep,
  type Task,
} from '../../src/client.ts'
import type { App } from '../../src/http/app.ts'
import { defineHandler } from '../../src/kinds/handler.ts'

/** True for the very same type only: `any` equals nothing but itself. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type IsAny<T> = 0 extends 1 & T ? true : false

/** The compiler is the test: what is wrong here fails `tsc`, and runs nothing. */
const holds = <_ extends true>() => {}
const of = <T>(_: (sheaf: Sheaf) => Promise<T>): T => undefined as T

interface User {
  id: number
  name: string
}
interface Post {
  title: string
}

const thumbnail = defineHandler({
  name: 'thumbnail',
  input: Type.Object({ id: Type.Number() }),
  output: Type.String(),
  run: ({ id }) => `${id}.png`,
})
const loose = defineHandler({ name: 'loose', input: Type.Unknown(), run: (input) => input })

const user = () => http<User>('https://api.example.com/users/1')
const posts = () => http<Post[]>('https://api.example.com/posts')

describe('the types of', () => {
  test('the equality that the rest relies on', () => {
    holds<Equal<string, string>>()
    // @ts-expect-error a mistake must not compile
    holds<Equal<string, number>>()
    // @ts-expect-error nor must an any that has crept in
    holds<Equal<unknown, ReturnType<typeof JSON.parse>>>()
    // @ts-expect-error even deep inside
    holds<Equal<[string], [ReturnType<typeof JSON.parse>]>>()
    holds<IsAny<ReturnType<typeof JSON.parse>>>()
  })

  test('the builders', () => {
    const plain = http('https://api.example.com')
    const given = user()
    const nap = sleep(1)
    holds<Equal<typeof plain, Task<HttpOutput<unknown>>>>()
    holds<Equal<typeof given, Task<HttpOutput<User>>>>()
    holds<Equal<typeof nap, Task<null>>>()
    http(new URL('https://api.example.com'), {
      method: 'POST',
      json: { a: 1 },
      retry: { attempts: 5 },
      key: 'a',
    })
    // @ts-expect-error no such method
    http('https://api.example.com', { method: 'BREW' })
    // @ts-expect-error no such option
    http('https://api.example.com', { bodyy: 1 })
    // @ts-expect-error the URL is the first argument
    http('https://api.example.com', { url: 'https://elsewhere' })
    expect(plain).toEqual({ kind: 'http', url: 'https://api.example.com' })
  })

  test('call, from a handler, from the type of one, and from a name', () => {
    const byValue = call(thumbnail, { id: 7 })
    const byType = call<typeof thumbnail>('thumbnail', { id: 7 }, { key: 'thumb' })
    const byName = call('anything', [1, 2])
    const byOutput = call<number>('count')
    const ofLoose = call(loose, 'whatever')
    holds<Equal<typeof byValue, Task<string>>>()
    holds<Equal<typeof byType, Task<string>>>()
    holds<Equal<typeof byName, Task<unknown>>>()
    holds<Equal<typeof byOutput, Task<number>>>()
    holds<Equal<typeof ofLoose, Task<unknown>>>()
    // @ts-expect-error the handler takes a number
    call(thumbnail, { id: '7' })
    // @ts-expect-error the handler needs an input
    call(thumbnail)
    // @ts-expect-error the type of the handler takes a number, too
    call<typeof thumbnail>('thumbnail', { id: '7' })
  })

  test('all: a tuple of a tuple, an array of an array, of any iterable, of nothing', () => {
    const tuple = of((sheaf) => sheaf.all([user(), posts(), sleep(1), call(thumbnail, { id: 1 })]))
    holds<Equal<typeof tuple, [HttpOutput<User>, HttpOutput<Post[]>, null, string]>>()
    const readonly = [user(), sleep(1)] as const
    const ofReadonly = of((sheaf) => sheaf.all(readonly))
    holds<Equal<typeof ofReadonly, [HttpOutput<User>, null]>>()
    const array = of((sheaf) => sheaf.all([1, 2].map(user)))
    holds<Equal<typeof array, HttpOutput<User>[]>>()
    const set = of((sheaf) => sheaf.all(new Set([user()])))
    holds<Equal<typeof set, HttpOutput<User>[]>>()
    const none = of((sheaf) => sheaf.all([]))
    holds<Equal<typeof none, []>>()
    const plain = of((sheaf) => sheaf.all([{ kind: 'sleep', ms: 1 }, user()]))
    holds<Equal<typeof plain, [unknown, HttpOutput<User>]>>()
    // @ts-expect-error no such kind
    of((sheaf) => sheaf.all([{ kind: 'dance' }]))
    // @ts-expect-error all is the mode
    of((sheaf) => sheaf.all([user()], { mode: 'any' }))
    // @ts-expect-error a tolerated failure would have no value
    of((sheaf) => sheaf.all([user()], { tolerate: 1 }))
  })

  test('the same as those of Promise, for promises of what the tasks return', () => {
    type Promised<T extends readonly Task[]> = { -readonly [I in keyof T]: Promise<Outputs<T>[I]> }
    const tasks = (): [Task<HttpOutput<User>>, Task<null>] => [user(), sleep(1)]
    type Values = Promised<ReturnType<typeof tasks>>
    const all = of((sheaf) => sheaf.all(tasks()))
    const allSettled = of((sheaf) => sheaf.allSettled(tasks()))
    const any = of((sheaf) => sheaf.any(tasks()))
    const race = of((sheaf) => sheaf.race(tasks()))
    const promise = {
      all: (values: Values) => Promise.all(values),
      allSettled: (values: Values) => Promise.allSettled(values),
      any: (values: Values) => Promise.any(values),
      race: (values: Values) => Promise.race(values),
    }
    type Of<Name extends keyof typeof promise> = Awaited<ReturnType<(typeof promise)[Name]>>
    holds<Equal<typeof all, Of<'all'>>>()
    holds<Equal<typeof allSettled, Of<'allSettled'>>>()
    holds<Equal<typeof any, Of<'any'>>>()
    holds<Equal<typeof race, Of<'race'>>>()
  })

  test('allSettled, any and race', () => {
    const settled = of((sheaf) => sheaf.allSettled([user(), sleep(1)]))
    holds<Equal<typeof settled, [PromiseSettledResult<HttpOutput<User>>, PromiseSettledResult<null>]>>()
    const settledArray = of((sheaf) => sheaf.allSettled([1].map(user)))
    holds<Equal<typeof settledArray, PromiseSettledResult<HttpOutput<User>>[]>>()
    const any = of((sheaf) => sheaf.any([user(), sleep(1)]))
    holds<Equal<typeof any, HttpOutput<User> | null>>()
    const race = of((sheaf) => sheaf.race(new Set([call(thumbnail, { id: 1 })])))
    holds<Equal<typeof race, string>>()
  })

  test('a job, its results and its events', () => {
    const job = of((sheaf) =>
      sheaf.submit([user(), sleep(1)], { mode: 'all', tolerate: '5%', concurrency: 32 }),
    )
    holds<Equal<typeof job, Job<[HttpOutput<User>, null]>>>()
    type Got = Awaited<ReturnType<typeof job.results>>
    holds<Equal<Got, [Result<HttpOutput<User>>, Result<null>]>>()
    type Event = typeof job extends AsyncIterable<infer E> ? E : never
    holds<Equal<Event, FollowEvent>>()
    holds<Equal<Awaited<ReturnType<typeof job.snapshot>>, JobView>>()
    const narrow = (result: Result<number>): number | string =>
      result.state === 'succeeded' ? result.output : result.error.message
    expect(narrow({ index: 0, attempt: 1, state: 'succeeded', output: 3 })).toBe(3)
    const attached = (sheaf: Sheaf) => sheaf.job<[string]>('id')
    holds<Equal<ReturnType<typeof attached>, Job<[string]>>>()
    const unknown = (sheaf: Sheaf) => sheaf.job('id')
    holds<Equal<ReturnType<typeof unknown>, Job<unknown[]>>>()
    type Each = typeof job.asCompleted extends () => AsyncIterator<infer R, undefined> ? R : never
    const which = (result: Each): HttpOutput<User> | null | undefined =>
      result.index === 0 ? result.output : result.output
    expect(which({ index: 1, attempt: 1, seq: 3, state: 'succeeded', output: null })).toBeNull()
    holds<Equal<Extract<Each, { index: 0; state: 'succeeded' }>['output'], HttpOutput<User>>>()
    // @ts-expect-error no such option
    of((sheaf) => sheaf.submit([], { colour: 'red' }))
  })

  test('the attachments of a mail, whose content is one of three', () => {
    const to = { to: 'ada@example.com', subject: '', text: '' }
    email({ ...to, after: [0], attachments: [{ artifact: 0 }, { artifact: 'key', filename: 'a.pdf' }] })
    email({ ...to, attachments: [{ filename: 'a', text: '{{index}}' }, '{{item}}'] })
    // @ts-expect-error a text has no name of its own
    email({ ...to, attachments: [{ text: '' }] })
    // @ts-expect-error two contents
    email({ ...to, attachments: [{ filename: 'a', base64: '', artifact: 0 }] })
    // @ts-expect-error no content
    email({ ...to, attachments: [{ filename: 'a' }] })
  })

  test('every route of the Eden treaty', () => {
    const { api } = connect('http://localhost')
    const get = () => api.jobs({ id: 'x' }).get()
    const list = () => api.jobs.get({ query: { state: 'running', limit: 5 } })
    const results = () => api.jobs({ id: 'x' }).results.get({ query: { wait: 5 } })
    const health = () => api.livez.get()
    type DataOf<T extends () => Promise<{ data: unknown }>> = NonNullable<Awaited<ReturnType<T>>['data']>
    type ErrorOf<T extends () => Promise<{ error: unknown }>> = NonNullable<Awaited<ReturnType<T>>['error']>
    holds<Equal<DataOf<typeof get>, JobView>>()
    holds<Equal<DataOf<typeof list>['data'], JobView[]>>()
    holds<Equal<DataOf<typeof results>['data'][number]['state'], 'succeeded' | 'failed' | 'cancelled'>>()
    holds<Equal<DataOf<typeof health>, { status: 'ok' }>>()
    holds<Equal<IsAny<ErrorOf<typeof get>>, false>>()
    type Missing = Extract<ErrorOf<typeof get>, { status: 404 }>['value']
    holds<Equal<IsAny<Missing>, false>>()
    holds<Equal<Missing['detail'], string>>()
    // @ts-expect-error no such route
    api.bobs
    // @ts-expect-error no such state
    ;() => api.jobs.get({ query: { state: 'sleepy' } })
    // @ts-expect-error a task of a kind that is not there
    ;() => api.jobs.post({ tasks: [{ kind: 'dance' }] })
  })

  test('queues, and when and where a task runs', () => {
    const { queues } = connect('http://localhost')
    const list = () => queues.list({ limit: 5 })
    const watch = () => queues.watch('http:*')
    holds<Equal<Awaited<ReturnType<typeof list>>['data'], QueueView[]>>()
    holds<Equal<ReturnType<typeof watch>, AsyncIterableIterator<QueueView, undefined>>>()
    const when = new Date(0)
    const nap = sleep(1, { queue: 'naps', runAt: when })
    holds<Equal<typeof nap, Task<null>>>()
    http('https://api.example.com', { delayMs: 5, runAt: '2026-01-31T12:00:00Z' })
    // @ts-expect-error no such limit
    ;() => queues.set('a', { concurency: 1 })
    // @ts-expect-error a time is a Date or a text
    sleep(1, { runAt: 5 })
    // @ts-expect-error no such state
    of((sheaf) => sheaf.submit([], { unique: { key: 'k', whileState: ['done'] } }))
    const job = of((sheaf) => sheaf.submit([nap], { runAt: when, queue: 'naps', unique: { key: 'k' } }))
    holds<Equal<typeof job, Job<[null]>>>()
  })

  test('what can be connected to', () => {
    const app = (given: App) => connect(given)
    holds<Equal<ReturnType<typeof app>, Sheaf>>()
    // @ts-expect-error neither a URL nor an app
    ;() => connect(3000)
  })
})
