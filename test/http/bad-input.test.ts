import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { limits } from '../../src/job/limits.ts'
import { type AppRig, echoing, problemOf, startApp } from './rig.ts'

const maxBodyBytes = 100_000

let rig: AppRig
let before: Awaited<ReturnType<typeof everything>>

const everything = async () => {
  const list = await (await rig.get('/jobs')).json()
  return { list, ready: (await rig.get('/readyz')).status, logs: rig.logs }
}

beforeAll(async () => {
  rig = await startApp({ maxBodyBytes })
  await rig.run([echoing(1)])
  before = await everything()
})
afterEach(async () => {
  // The server is as it was before.
  expect(await everything()).toEqual(before)
})
afterAll(() => rig[Symbol.asyncDispose]())

const json = { 'content-type': 'application/json' }
const submit = async (body?: BodyInit, headers: HeadersInit = json) =>
  problemOf(await rig.send('POST', '/jobs', body, headers))

describe('a value that is not allowed is refused with 422, naming the field, the value and what is allowed', () => {
  const nap = (fields: object) => ({ tasks: [{ kind: 'sleep', ms: 1, ...fields }] })

  test.each<[body: unknown, field: string, detail: string]>([
    [{ tasks: [], nme: 'x' }, 'nme', 'Unknown field "nme"; did you mean "name"?'],
    [nap({ msec: 5 }), 'tasks[0].msec', 'Unknown field "tasks[0].msec"; expected one of'],
    [
      nap({ ms: '5' }),
      'tasks[0].ms',
      'Expected "tasks[0].ms" to be a whole number between 0 and 31536000000, got "5".',
    ],
    [nap({ ms: -1 }), 'tasks[0].ms', 'Expected "tasks[0].ms" between 0 and 31536000000, got -1.'],
    [nap({ ms: 1e300 }), 'tasks[0].ms', 'Expected "tasks[0].ms" between 0 and 31536000000, got 1e+300.'],
    [
      nap({ ms: 1.5 }),
      'tasks[0].ms',
      'Expected "tasks[0].ms" to be a whole number between 0 and 31536000000, got 1.5.',
    ],
    [nap({ retry: { attempts: 0 } }), 'tasks[0].retry.attempts', 'between 1 and 1000, got 0.'],
    [
      { tasks: [], concurrency: 9e15 },
      'concurrency',
      'Expected "concurrency" between 1 and 10000, got 9000000000000000.',
    ],
    [{ tasks: [], mode: 'most' }, 'mode', 'one of "all", "allSettled", "any", "race", got "most".'],
    [{ tasks: {} }, 'tasks', 'Expected "tasks" to be an array'],
    [{}, 'tasks', 'got nothing.'],
    [{ tasks: [{ kind: 'shell' }] }, 'tasks[0].kind', 'got "shell".'],
    [{ tasks: [], mode: 'race' }, 'tasks', 'race'],
    [[], '', 'got [].'],
    [null, '', 'got null.'],
    ['tasks', '', 'got "tasks".'],
  ])('%j', async (body, field, detail) => {
    const problem = await submit(JSON.stringify(body))
    expect(problem).toMatchObject({ status: 422, code: 'invalid' })
    expect(problem.detail).toContain(detail)
    expect(problem.errors?.[0]?.field).toBe(field)
  })

  test('a field named __proto__ is an unknown field', async () => {
    expect(await submit('{"tasks":[],"__proto__":{"mode":"any"}}')).toMatchObject({
      status: 422,
      detail: expect.stringContaining('"__proto__"'),
    })
  })

  test('several errors are told at once', async () => {
    const { errors } = await submit(JSON.stringify({ nme: 1, tasks: [{ kind: 'sleep', ms: -1 }] }))
    expect(errors?.map(({ field }) => field)).toEqual(['nme', 'tasks[0].ms'])
  })
})

describe('a body that cannot be read is refused', () => {
  test.each<[what: string, body: BodyInit | undefined, detail: string]>([
    ['absent', undefined, 'Expected a JSON body, got none.'],
    ['empty', '', 'Expected a JSON body, got none.'],
    ['no JSON', '{"tasks": [}', 'Expected the body to be JSON: '],
    ['cut short', '{"tasks": [', 'Expected the body to be JSON: '],
    [
      'invalid UTF-8',
      new Uint8Array([0x22, 0xff, 0xfe, 0x22]),
      'Expected the body to be UTF-8, got other bytes.',
    ],
    [
      'an overlong UTF-8 slash',
      new Uint8Array([0x22, 0xc0, 0xaf, 0x22]),
      'Expected the body to be UTF-8, got other bytes.',
    ],
    ['nested too deep', '['.repeat(limits.depth + 1), `Expected a body nested at most ${limits.depth} deep`],
    ['nested far too deep', '{"a":'.repeat(15_000), `Expected a body nested at most ${limits.depth} deep`],
  ])('%s', async (_, body, detail) => {
    expect(await submit(body)).toMatchObject({
      status: 400,
      code: 'malformed',
      detail: expect.stringContaining(detail),
    })
  })

  test.each([
    ['text/plain', 'got "text/plain".'],
    ['application/x-www-form-urlencoded', 'got "application/x-www-form-urlencoded".'],
    ['application/json; charset=latin1', 'got "application/json; charset=latin1".'],
    ['application/jsonp', 'got "application/jsonp".'],
  ])('with the content type %s', async (type, detail) => {
    const response = await rig.send('POST', '/jobs', '{"tasks":[]}', { 'content-type': type })
    expect(response.headers.get('accept')).toBe('application/json, application/x-ndjson, multipart/form-data')
    expect(await problemOf(response)).toMatchObject({
      status: 415,
      code: 'unsupported_media_type',
      detail: `Expected "Content-Type" to be application/json, application/x-ndjson or multipart/form-data, ${detail}`,
    })
  })

  test('compressed', async () => {
    const response = await rig.send('POST', '/jobs', '{}', { ...json, 'content-encoding': 'gzip' })
    expect(response.headers.get('accept-encoding')).toBe('identity')
    expect(await problemOf(response)).toMatchObject({
      status: 415,
      detail: 'Expected no "Content-Encoding", got "gzip".',
    })
  })

  test('too large', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(maxBodyBytes) })
    expect(await submit(body)).toMatchObject({
      status: 413,
      code: 'too_large',
      detail: `Expected a body of at most ${maxBodyBytes} bytes, got more.`,
    })
  })

  test('without a word about what else the server has', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const problem = await submit(bytes)
        expect([400, 422]).toContain(problem.status)
        expect(JSON.stringify(problem)).not.toMatch(/\.ts|\/work|node_modules|\bat /)
      }),
    )
  })
})

test('a body may be as deep as the limit', async () => {
  const deep = '['.repeat(limits.depth) + ']'.repeat(limits.depth)
  expect(await submit(deep)).toMatchObject({ status: 422 })
})

test('brackets within strings are not nesting', async () => {
  const body = JSON.stringify({ nme: `${'['.repeat(500)}\\"${'{'.repeat(500)}` })
  expect(await submit(body)).toMatchObject({ status: 422 })
})

describe('a query that is not allowed is refused with 422', () => {
  test.each([
    ['/jobs?limit=0', 'Expected "limit" between 1 and 1000, got 0.'],
    ['/jobs?limit=1001', 'Expected "limit" between 1 and 1000, got 1001.'],
    ['/jobs?limit=ten', 'Expected "limit" to be a whole number between 1 and 1000, got "ten".'],
    ['/jobs?limit=0x10', 'Expected "limit" to be a whole number between 1 and 1000, got "0x10".'],
    ['/jobs?limit=5&limit=6', 'Expected "limit" once, got it more often.'],
    ['/jobs?state=done', 'got "done".'],
    ['/jobs?label=team', 'Expected "label" to be a name, a colon and a value, got "team".'],
    ['/jobs?cursor=abc', 'Expected "cursor" to be the "next" of an earlier page of this list, got "abc".'],
    ['/jobs?page=2', 'Unknown field "page"'],
  ])('%s', async (path, detail) => {
    const problem = await problemOf(await rig.get(path))
    expect(problem).toMatchObject({ status: 422, code: 'invalid' })
    expect(problem.detail).toContain(detail)
  })
})

describe('what is not there is 404, naming it', () => {
  const missing = '01900000-0000-7000-8000-000000000000'

  test.each([
    [`/jobs/${missing}`, missing],
    [`/jobs/${missing}/tasks`, missing],
    [`/jobs/${missing}/tasks/0`, missing],
    [`/jobs/${missing}/results`, missing],
    [`/jobs/${missing}/events`, missing],
    ['/jobs/1', '"1"'],
    ['/jobs/..%2F..%2Fetc', '../../etc'],
    ["/jobs/' or 1=1", 'or'],
    ['/nowhere', '/nowhere'],
  ])('GET %s', async (path, named) => {
    const problem = await problemOf(await rig.get(path))
    expect(problem).toMatchObject({ status: 404, code: 'not_found' })
    expect(problem.detail).toContain(named)
  })

  test.each(['cancel', 'pause', 'resume', 'retry'])('POST /jobs/:id/%s', async (action) => {
    expect(await problemOf(await rig.post(`/jobs/${missing}/${action}`))).toMatchObject({ status: 404 })
    expect(await problemOf(await rig.post(`/jobs/x/${action}`))).toMatchObject({ status: 404 })
  })

  test('DELETE /jobs/:id', async () => {
    expect(await problemOf(await rig.send('DELETE', `/jobs/${missing}`))).toMatchObject({ status: 404 })
  })
})
