import { describe, expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { defineHandler } from '../../src/kinds/handler.ts'
import { createKinds } from '../../src/kinds/kinds.ts'
import { type Resolved, resolveInput } from '../../src/kinds/resolve.ts'

const resize = defineHandler({ name: 'resize', input: Type.Object({ id: Type.Integer() }), run: () => null })
const kinds = createKinds({ handlers: [resize] })

const outputs: Record<string, string> = { login: '{"body":{"token":"t0k","ms":5,"id":"../x"}}', '1': 'null' }
const asked: string[] = []
const sources = {
  output: async (task: string) => {
    asked.push(task)
    return outputs[task]
  },
  secret: (name: string) => ({ KEY: 's3cret\n', GOOD: 's3cret' })[name],
}

const resolve = (kind: keyof typeof kinds, input: unknown, template?: unknown): Promise<Resolved> =>
  resolveInput(
    {
      kind: kinds[kind],
      input: JSON.stringify(input),
      template: template === undefined ? undefined : JSON.stringify(template),
      index: 4,
    },
    sources,
  )

describe('the input of a task', () => {
  test('has outputs and the index put in, each output read once', async () => {
    asked.length = 0
    const url =
      'https://a.example/{{index}}/{{tasks.login.output.body.id}}?t={{tasks.login.output.body.token}}'
    expect(await resolve('http', { url })).toEqual({
      input: { url: 'https://a.example/4/..%2Fx?t=t0k' },
      secrets: [],
    })
    expect(asked).toEqual(['login'])
    expect(await resolve('sleep', { ms: '{{tasks.login.output.body.ms}}' })).toEqual({
      input: { ms: 5 },
      secrets: [],
    })
    expect(await resolve('call', { handler: 'x', input: '{{tasks.1.output}}' })).toMatchObject({
      error: { code: 'invalid_input' },
    })
  })

  test('is made of the template and the item, in which nothing is read', async () => {
    const template = { handler: 'resize', input: { id: 1, text: '{{item.text}} {{index}}', all: '{{item}}' } }
    const item = { text: '{{secrets.GOOD}}' }
    for (let times = 0; times < 2; times += 1)
      expect(await resolve('call', item, template)).toEqual({
        input: { handler: 'resize', input: { id: 1, text: '{{secrets.GOOD}} 4', all: item } },
        secrets: [],
      })
  })

  test('may be changed by whoever gets it', async () => {
    const template = { handler: 'resize', input: { id: 1, list: [1] } }
    const first = await resolve('call', 1, template)
    if ('input' in first) Object.assign((first.input as { input: object }).input, { list: null })
    expect(await resolve('call', 1, template)).toMatchObject({ input: { input: { list: [1] } } })
  })

  test('says which secrets are in it', async () => {
    const headers = { authorization: 'Bearer {{secrets.GOOD}}' }
    expect(await resolve('http', { url: 'https://a.example', headers })).toEqual({
      input: { url: 'https://a.example', headers: { authorization: 'Bearer s3cret' } },
      secrets: ['s3cret'],
    })
  })
})

describe('a task fails', () => {
  test('with template_failed where a placeholder leads to nothing', async () => {
    expect(await resolve('sleep', { ms: '{{tasks.login.output.body.seconds}}' })).toEqual({
      error: {
        code: 'template_failed',
        message:
          'The placeholder {{tasks.login.output.body.seconds}} in "input.ms" leads to nothing: there is no "seconds".',
        details: { placeholder: '{{tasks.login.output.body.seconds}}', field: 'input.ms' },
      },
    })
    expect(await resolve('sleep', { ms: '{{tasks.gone.output}}' })).toMatchObject({
      error: { message: expect.stringContaining('the task "gone" has no output.') },
    })
    expect(await resolve('sleep', { ms: '{{secrets.GONE}}' })).toMatchObject({
      error: { message: expect.stringContaining('this server has no secret "GONE".') },
    })
  })

  test('with invalid_input where a value may not stand there', async () => {
    expect(await resolve('sleep', { ms: '{{tasks.login.output.body.token}}' })).toMatchObject({
      error: {
        code: 'invalid_input',
        message: 'Expected "input.ms" to be a whole number between 0 and 31536000000, got "t0k".',
      },
    })
    const call = { handler: 'resize', input: { id: '{{tasks.login.output.body.token}}' } }
    expect(await resolve('call', call)).toMatchObject({
      error: { details: { errors: [{ field: 'input.input.id' }] } },
    })
  })

  test('without a word of any value, once a secret is in the input', async () => {
    const headers = { 'x-a': '{{secrets.KEY}}', 'x-b': '{{tasks.login.output.body.token}}' }
    const resolved = await resolve('http', { url: 'https://a.example', headers })
    expect(resolved).toMatchObject({
      error: { code: 'invalid_input', details: { errors: [{ field: 'input.headers' }] } },
    })
    expect(JSON.stringify(resolved)).not.toMatch(/s3c|t0k/)
    const called = await resolve('call', { handler: 'resize', input: { id: { '{{{{': '{{secrets.GOOD}}' } } })
    expect(JSON.stringify(called)).toContain('invalid_input')
    expect(JSON.stringify(called)).not.toMatch(/s3c/)
  })
})
