import { describe, expect, test } from 'bun:test'
import { treaty } from '@elysiajs/eden'
import type { App } from '../../src/http/app.ts'
import type { ProblemView } from '../../src/http/problem.ts'
import type { ClientMessage } from '../../src/job/commands.ts'
import type { ServerMessage } from '../../src/job/events.ts'
import type { QueueView } from '../../src/job/queue-wire.ts'
import type { LimitsSpec } from '../../src/job/queues.ts'
import type { JobView, ResultView, TaskView, WholeTaskView } from '../../src/job/wire.ts'
import type { JobSpec } from '../../src/kinds/spec.ts'
import { echoing, startApp } from './rig.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** Holds at compile time. */
const same = <A, B>(..._: Equal<A, B> extends true ? [] : ['these types differ', A, B]) => {}

type Api = ReturnType<typeof treaty<App>>
type Answer<Call extends (...args: never[]) => Promise<unknown>> = Awaited<ReturnType<Call>>
type Data<Call extends (...args: never[]) => Promise<{ data: unknown }>> = NonNullable<
  Answer<Call>['data' & keyof Answer<Call>]
>
type Failure<Call extends (...args: never[]) => Promise<unknown>> = NonNullable<
  Answer<Call>['error' & keyof Answer<Call>]
>
type Job = ReturnType<Api['jobs']>
type Queue = ReturnType<Api['queues']>
type StatusOf<Error> = Error extends { status: infer Status } ? Status : never

describe('Eden', () => {
  test('has the type of each success', () => {
    same<Data<Api['jobs']['post']>, JobView>()
    same<Data<Api['jobs']['get']>, { data: JobView[]; next: string | null }>()
    same<Data<Job['get']>, JobView>()
    same<Data<Job['cancel']['post']>, JobView>()
    same<Data<Job['pause']['post']>, JobView>()
    same<Data<Job['resume']['post']>, JobView>()
    same<Data<Job['retry']['post']>, JobView>()
    same<Data<Job['tasks']['get']>, { data: TaskView[]; next: string | null }>()
    same<Data<ReturnType<Job['tasks']>['get']>, WholeTaskView>()
    same<Data<Job['results']['get']>, { data: ResultView[]; next: string | null }>()
    same<Data<Api['livez']['get']>, { status: 'ok' }>()
    same<Data<Api['readyz']['get']>['status'], 'ok'>()
    same<Data<Api['queues']['get']>, { data: QueueView[]; next: string | null }>()
    same<Data<Queue['get']>, QueueView>()
    same<Data<Queue['put']>, QueueView>()
    same<Data<Api['get']>['name'], 'sheaf'>()
  })

  test('has the type of each problem, by its status', () => {
    same<StatusOf<Failure<Job['get']>>, 401 | 403 | 404 | 422 | 500>()
    same<
      StatusOf<Failure<Api['jobs']['post']>>,
      400 | 401 | 403 | 409 | 410 | 413 | 415 | 422 | 429 | 500 | 503
    >()
    same<StatusOf<Failure<Job['cancel']['post']>>, 401 | 403 | 404 | 409 | 422 | 500 | 503>()
    same<StatusOf<Failure<Queue['put']>>, 400 | 401 | 403 | 413 | 415 | 422 | 500 | 503>()
    same<StatusOf<Failure<Queue['delete']>>, 401 | 403 | 404 | 422 | 500 | 503>()
    same<StatusOf<Failure<Job['results']['get']>>, 401 | 403 | 404 | 406 | 409 | 422 | 500 | 503>()
    same<Failure<Job['get']>['value'], ProblemView>()
  })

  test('has the type of what is sent', () => {
    same<Parameters<Api['jobs']['post']>[0], JobSpec>()
    same<NonNullable<Parameters<Queue['put']>[0]>, LimitsSpec>()
    type Query = NonNullable<NonNullable<Parameters<Api['jobs']['get']>[0]>['query']>
    same<Query['limit'], number | undefined>()
    same<Query['state'], JobView['state'] | undefined>()
    type Socket = ReturnType<Api['events']['subscribe']>
    same<Parameters<Socket['send']>[0], ClientMessage | ClientMessage[]>()
    same<Parameters<Parameters<Socket['subscribe']>[0]>[0]['data'], ServerMessage>()
  })

  test('gets what it was promised, and the problem where it was not', async () => {
    await using rig = await startApp()
    const api = treaty<App>(rig.app)
    const { data: submitted } = await api.jobs.post({ tasks: [echoing(7)] })
    if (!submitted) throw new Error('The job was not accepted')
    await rig.engine.ended(submitted.id, 60_000)
    const { data: results } = await api.jobs({ id: submitted.id }).results.get()
    expect(results?.data[0]?.output).toBe(7)
    const { data: listed } = await api.jobs.get({ query: { state: 'succeeded', limit: 1 } })
    expect(listed?.data[0]?.id).toBe(submitted.id)

    const { data, error } = await api.jobs({ id: 'nobody' }).get()
    expect(data).toBeNull()
    expect(error?.status).toBe(404)
    expect(error?.value.code).toBe('not_found')
  })
})
