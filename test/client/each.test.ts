import { expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { each, literal } from '../../src/client/task.ts'
import { call, type HttpOutput, http, type Job, type Sheaf, sleep, type Task } from '../../src/client.ts'
import { defineHandler } from '../../src/kinds/handler.ts'
import { createKinds } from '../../src/kinds/kinds.ts'
import { parseJob, prepareJob } from '../../src/kinds/prepare.ts'
import { resolveInput } from '../../src/kinds/resolve.ts'
import { failOnLeaks } from './support/leaks.ts'

failOnLeaks()

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** The compiler is the test. */
const holds = <_ extends true>() => {}
const of = <T>(_: (sheaf: Sheaf) => Promise<T>): T => undefined as T

interface User {
  name: string
}

test('each has the type of what its task returns', () => {
  const users = () => each([1, 2], http<User>('https://a.example/users/{{item}}'))
  const all = of((sheaf) => sheaf.all(users()))
  holds<Equal<typeof all, HttpOutput<User>[]>>()
  const settled = of((sheaf) => sheaf.allSettled(users()))
  holds<Equal<typeof settled, PromiseSettledResult<HttpOutput<User>>[]>>()
  const any = of((sheaf) => sheaf.any(users()))
  holds<Equal<typeof any, HttpOutput<User>>>()
  const job = of((sheaf) => sheaf.submit(users(), { concurrency: 2 }))
  holds<Equal<typeof job, Job<HttpOutput<User>[]>>>()
  const nap = sleep('{{item.ms}}', { after: ['a', 0, { task: 'b', on: 'ended' }] })
  holds<Equal<typeof nap, Task<null>>>()
  // @ts-expect-error a duration is a number or a placeholder
  sleep('long')
  // @ts-expect-error no such condition
  sleep(1, { after: [{ task: 'b', on: 'failed' }] })
})

test('each and after are submitted as the server takes them', () => {
  const given = each(new Set([1, 2]), http('https://a.example/{{item}}', { key: 'u-{{item}}' }))
  expect(parseJob(JSON.parse(JSON.stringify({ each: given })))).toEqual({
    each: {
      items: [1, 2],
      task: { kind: 'http', url: 'https://a.example/{{item}}', key: 'u-{{item}}' },
    },
  })
})

test('what was made literal arrives as it is', async () => {
  const value = { '{{index}}': ['{{index}}', '{{{{', 'a {{', new URL('https://a.example')] }
  const task = call('echo', literal(value))
  const kinds = createKinds({
    handlers: [defineHandler({ name: 'echo', input: Type.Unknown(), run: (input) => input })],
  })
  const [made] = prepareJob(parseJob(JSON.parse(JSON.stringify({ tasks: [task] }))), kinds, {
    id: 'x',
    now: 0,
  }).tasks
  const given = { kind: kinds.call, input: made?.input ?? '', template: undefined, index: 0 }
  const nothing = { output: async () => undefined, secret: () => undefined }
  expect(await resolveInput(given, nothing)).toEqual({
    input: { handler: 'echo', input: JSON.parse(JSON.stringify(value)) },
    secrets: [],
  })
})
