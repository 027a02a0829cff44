import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { problemCodes } from '../../src/job/errors.ts'
import { explain } from '../../src/job/explain.ts'
import { JobSpec } from '../../src/kinds/spec.ts'
import { type AppRig, startApp } from './rig.ts'

interface Operation {
  operationId: string
  summary: string
  tags: string[]
  parameters?: { in: string; name: string; required?: boolean }[]
  requestBody?: { content: Record<string, { schema: object }> }
  responses: Record<
    string,
    { description: string; headers?: object; content?: Record<string, { schema: object }> }
  >
}
interface Schema {
  examples?: unknown[]
  anyOf?: unknown
  properties?: Record<string, { const?: string; items?: object; properties?: object }>
  discriminator?: { propertyName: string; mapping: Record<string, string> }
}
interface Document {
  [name: string]: unknown
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

let rig: AppRig
let document: Document
let operations: [name: string, operation: Operation][]

beforeAll(async () => {
  rig = await startApp()
  document = await (await rig.get('/swagger/json')).json()
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method} ${path}`,
      operation,
    ]),
  )
})
afterAll(() => rig[Symbol.asyncDispose]())

describe('the OpenAPI document', () => {
  test('is valid', async () => {
    expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true })
  })

  test('holds every route that clients are to use, and no other', () => {
    expect(operations.map(([name]) => name).sort()).toEqual([
      'delete /jobs/{id}',
      'delete /queues/{name}',
      'delete /schedules/{schedule}',
      'get /',
      'get /asyncapi.json',
      'get /events',
      'get /handlers',
      'get /jobs',
      'get /jobs/{id}',
      'get /jobs/{id}/deliveries',
      'get /jobs/{id}/events',
      'get /jobs/{id}/results',
      'get /jobs/{id}/tasks',
      'get /jobs/{id}/tasks/{task}',
      'get /jobs/{id}/tasks/{task}/artifact',
      'get /livez',
      'get /metrics',
      'get /queues',
      'get /queues/{name}',
      'get /readyz',
      'get /schedules',
      'get /schedules/{schedule}',
      'get /schedules/{schedule}/jobs',
      'get /webhooks',
      'get /webhooks/{webhook}',
      'get /webhooks/{webhook}/deliveries',
      'get /webhooks/{webhook}/deliveries/{delivery}',
      'post /jobs',
      'post /jobs/{id}/cancel',
      'post /jobs/{id}/pause',
      'post /jobs/{id}/resume',
      'post /jobs/{id}/retry',
      'post /jobs/{id}/seal',
      'post /jobs/{id}/tasks',
      'post /schedules',
      'post /schedules/{schedule}/pause',
      'post /schedules/{schedule}/resume',
      'post /schedules/{schedule}/run',
      'post /tickets',
      'post /webhooks/{webhook}/deliveries/{delivery}/replay',
      'post /webhooks/{webhook}/disable',
      'post /webhooks/{webhook}/enable',
      'post /webhooks/{webhook}/replay',
      'put /queues/{name}',
      'put /schedules/{schedule}',
    ])
  })

  test('gives each operation a name of its own, a summary and a tag', () => {
    const names = operations.map(([, { operationId }]) => operationId)
    expect(new Set(names).size).toBe(names.length)
    for (const [, { summary, tags }] of operations) {
      expect(summary).toBeTruthy()
      expect(tags).toHaveLength(1)
    }
  })

  test('documents each problem as application/problem+json, and nothing else', () => {
    const titles = Object.values(problemCodes).map(([, title]) => title)
    for (const [, { responses }] of operations) {
      for (const [status, { description, content }] of Object.entries(responses)) {
        expect(description).toBeTruthy()
        const types = Object.keys(content ?? {})
        if (status < '400') {
          expect(types).not.toContain('application/problem+json')
        } else {
          expect(content).toEqual({
            'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
          })
          expect(titles.some((title) => description.startsWith(title))).toBe(true)
        }
      }
    }
  })

  test('names the parameters of each path', () => {
    for (const [name, { parameters = [] }] of operations) {
      const inPath = parameters.filter((parameter) => parameter.in === 'path')
      expect(inPath.map((parameter) => `{${parameter.name}}`)).toEqual(name.match(/\{\w+\}/g) ?? [])
      expect(inPath.every(({ required }) => required)).toBe(true)
    }
  })

  test('says what a submission takes and answers, with the headers of both', () => {
    const submit = document.paths['/jobs']?.post
    expect(submit?.requestBody?.content).toMatchObject({
      'application/json': { schema: { $ref: '#/components/schemas/JobSpec' } },
      'application/x-ndjson': { schema: { type: 'string' } },
      'multipart/form-data': { schema: { required: ['job', 'items'] } },
    })
    expect(Object.keys(submit?.requestBody?.content ?? {})).toHaveLength(3)
    expect(submit?.parameters?.map(({ name }) => name)).toEqual(['Idempotency-Key', 'Prefer'])
    expect(submit?.responses['202']?.content).toEqual({
      'application/json': { schema: { $ref: '#/components/schemas/Job' } },
    })
    expect(Object.keys(submit?.responses['202']?.headers ?? {})).toEqual([
      'Location',
      'Idempotent-Replayed',
      'Sheaf-Unique',
      'Preference-Applied',
    ])
    expect(Object.keys(submit?.responses ?? {})).toEqual([
      '200',
      '202',
      '400',
      '401',
      '403',
      '409',
      '410',
      '413',
      '415',
      '422',
      '429',
      '500',
      '503',
    ])
    for (const status of ['429', '503'])
      expect(Object.keys(submit?.responses[status]?.headers ?? {})).toEqual(['Retry-After'])
    expect(submit?.responses['422']?.headers).toBeUndefined()
  })

  test('says in which forms results come, and in which orders', () => {
    const results = document.paths['/jobs/{id}/results']?.get
    const { content } = results?.responses['200'] ?? {}
    expect(Object.keys(content ?? {})).toEqual(['application/json', 'application/x-ndjson', 'text/csv'])
    expect(content?.['text/csv']?.schema).toEqual({ type: 'string' })
    expect(content?.['application/json']?.schema).toMatchObject({
      properties: { data: { items: { $ref: '#/components/schemas/Result' } } },
    })
    const inQuery = results?.parameters?.filter((parameter) => parameter.in === 'query')
    expect(inQuery?.map(({ name }) => name)).toEqual(['wait', 'order', 'after', 'from', 'format'])
  })

  test('says that metrics are text', () => {
    const { content } = document.paths['/metrics']?.get?.responses['200'] ?? {}
    expect(content).toEqual({ 'text/plain; version=0.0.4; charset=utf-8': { schema: { type: 'string' } } })
  })

  test('gives an example of a submission that is accepted', async () => {
    const [example] = document.components.schemas.JobSpec?.examples ?? []
    expect((await rig.post('/jobs', { ...Object(example), tasks: [] })).status).toBe(202)
    expect(explain(JobSpec, example)).toEqual([])
  })

  test.each([
    ['TaskSpec', 'Task'],
    ['EachTaskSpec', 'EachTask'],
  ])('tells the variants of %s apart by their kind', (union, suffix) => {
    const { schemas } = document.components
    const names = ['Http', 'Sleep', 'Call', 'Sql', 'Email'].map((kind) => `${kind}${suffix}`)
    const refs = names.map((name) => `#/components/schemas/${name}`)
    expect(schemas[union]).toEqual({
      oneOf: refs.map(($ref) => ({ $ref })),
      discriminator: {
        propertyName: 'kind',
        mapping: Object.fromEntries(
          ['http', 'sleep', 'call', 'sql', 'email'].map((kind, at) => [kind, refs[at]]),
        ),
      },
    } as object)
    for (const name of names) {
      const kind = name.slice(0, -suffix.length).toLowerCase()
      expect(schemas[name]).toMatchObject({ type: 'object', properties: { kind: { const: kind } } })
      expect(schemas[name]).toHaveProperty('required', expect.arrayContaining(['kind']))
    }
  })

  test('refers to these unions from the job', () => {
    const { tasks, each } = document.components.schemas.JobSpec?.properties ?? {}
    expect(tasks?.items).toEqual({ $ref: '#/components/schemas/TaskSpec' })
    expect(each?.properties).toMatchObject({ task: { $ref: '#/components/schemas/EachTaskSpec' } })
  })

  test('gives an example of an upload that is accepted', async () => {
    const example = Object(
      document.paths['/jobs']?.post?.requestBody?.content['application/x-ndjson'],
    ).example
    const response = await rig.send('POST', '/jobs', example, { 'content-type': 'application/x-ndjson' })
    expect(await response.json()).toMatchObject({ counts: { total: 2 } })
  })

  test('refers to no schema that is not there', () => {
    const references = JSON.stringify(document).match(/#\/components\/schemas\/\w+/g) ?? []
    const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`)
    expect(references.filter((reference) => !known.includes(reference))).toEqual([])
  })

  test('is the same when it is read again, and leaves the routes as they are', async () => {
    expect(await (await rig.get('/swagger/json')).json()).toEqual(document)
    expect((await rig.post('/jobs', { tasks: [] })).status).toBe(202)
  })
})

describe('the page at /swagger', () => {
  test('loads nothing from another host, and everything that it loads is there', async () => {
    const page = await (await rig.get('/swagger')).text()
    const urls = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, url = '']) => new URL(url, 'http://localhost/swagger'),
    )
    expect(urls).toHaveLength(4)
    for (const url of urls) {
      expect(url.origin).toBe('http://localhost')
      const response = await rig.get(url.pathname)
      expect(response.status).toBe(200)
      expect((await response.bytes()).length).toBeGreaterThan(100)
    }
  })

  test('may load nothing from another host, whatever is in the document', async () => {
    const { headers } = await rig.get('/swagger')
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toStartWith("default-src 'none'")
    expect(policy).not.toMatch(/https?:|\*/)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
  })

  test('asks for no validation by others', async () => {
    const start = await (await rig.get('/swagger/start.js')).text()
    expect(start).toContain('validatorUrl: null')
  })
})
