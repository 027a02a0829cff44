import { describe, expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { createCall } from '../../../src/kinds/call.ts'
import { defineHandler } from '../../../src/kinds/handler.ts'
import { IsolatedContext, isolated, isolations, Rig } from './rig.ts'

const module = new URL('./misbehave.ts', import.meta.url)

describe.each(isolations)('a %s', (where) => {
  test('gives the handler its input, and stores what it returns', async () => {
    await using rig = new Rig([isolated(where)])
    const value = { text: 'Grüße\n😀', list: [1, null, { deep: true }], half: 0.5 }
    expect(await rig.output('echo', value)).toEqual(value)
    expect(await rig.output('echo', undefined)).toBe(null)
    expect(await rig.output('isUndefined')).toBe(true)
  })

  test('gives the handler what identifies the attempt', async () => {
    await using rig = new Rig([isolated(where)])
    const { job, index, attempt, idempotencyKey } = new IsolatedContext()
    expect(await rig.output('context')).toEqual({ job, index, attempt, idempotencyKey, aborted: false })
  })

  test('passes on progress and logs, before the result', async () => {
    await using rig = new Rig([isolated(where)])
    const context = new IsolatedContext()
    expect(await rig.do('talk', null, context)).toEqual({ type: 'succeeded', output: 'null' })
    expect(context.progressed).toEqual([{ done: 1, total: 2, message: 'half' }])
    expect(context.logged).toEqual([
      ['so far', { well: true }],
      ['a function', { fields: expect.stringContaining('Function') }],
    ])
  })

  test('folds progress that comes too fast, and passes on the last', async () => {
    await using rig = new Rig([isolated(where)])
    const context = new IsolatedContext()
    await rig.do('chatter', 20_000, context)
    expect(context.progressed[0]).toEqual({ done: 1, total: 20_000 })
    expect(context.progressed.at(-1)).toEqual({ done: 20_000, total: 20_000 })
    expect(context.progressed.length).toBeLessThan(200)
  })

  test('carries megabytes', async () => {
    await using rig = new Rig([isolated(where)])
    const text = 'x'.repeat(8_000_000)
    expect(await rig.output('echo', text)).toBe(text)
  })

  test('never runs a task whose input does not fit, nor stores an output that does not', async () => {
    const input = Type.Object({ deed: Type.Literal('echo'), with: Type.Unknown() })
    const strict = { name: 'strict', input, output: Type.Integer() }
    await using rig = new Rig([
      where === 'thread'
        ? defineHandler({ ...strict, thread: module })
        : defineHandler({ ...strict, process: module }),
    ])
    const run = (input: unknown) => rig.kind.run({ handler: 'strict', input }, new IsolatedContext())
    expect(await run({ deed: 'exit', with: 0 })).toMatchObject({ error: { code: 'invalid_input' } })
    expect(await run({ deed: 'echo', with: 'seven' })).toMatchObject({
      retryable: false,
      error: {
        code: 'handler_failed',
        message:
          'The output of "strict" does not fit its schema: Expected "output" to be a whole number, got "seven".',
      },
    })
    expect(await run({ deed: 'echo', with: 7 })).toEqual({ type: 'succeeded', output: '7' })
  })

  test('has a lower priority than the server', async () => {
    await using rig = new Rig([isolated(where)])
    const { getPriority } = await import('node:os')
    const own = getPriority()
    // Only Linux knows a priority of threads.
    if (where === 'process' || process.platform === 'linux')
      expect(await rig.output('priority')).toBeGreaterThan(own)
    expect(getPriority()).toBe(own)
  })
})

/** What a handler can return or throw: the loop and the workers, which have code of their own for this, agree on it. */
describe.each(['returned', 'thrown'] as const)(
  'what is %s has one result, wherever the handler runs',
  (how) => {
    const url = new URL('./values.ts', import.meta.url)
    const input = Type.String()

    test('in the loop, in a thread and in a process', async () => {
      const { default: run, values } = await import('./values.ts')
      await using kind = Object.assign(
        createCall([
          defineHandler({ name: 'loop', input, run }),
          defineHandler({ name: 'thread', input, thread: url }),
          defineHandler({ name: 'process', input, process: url }),
        ]),
        { [Symbol.asyncDispose]: () => kind.close() },
      )
      for (const value of Object.keys(values)) {
        const results = await Promise.all(
          ['loop', 'thread', 'process'].map(async (handler) => {
            const result = await kind.run({ handler, input: `${how} ${value}` }, new IsolatedContext())
            return JSON.stringify(result).replaceAll(`\\"${handler}\\"`, 'NAME')
          }),
        )
        expect([value, new Set(results).size]).toEqual([value, 1])
      }
    })
  },
)
