import { describe, expect, test } from 'bun:test'
import type { ErrorCode } from '../../../src/job/errors.ts'
import type { RunResult } from '../../../src/kinds/kind.ts'
import { aborted } from '../../../src/kinds/results.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { IsolatedContext, isolated, isolations, Rig } from './rig.ts'

const failure = (code: ErrorCode, message: string, retryable = true): RunResult => ({
  type: 'failed',
  error: { code, message },
  retryable,
})

describe.each(isolations)('a handler in a %s', (where) => {
  const rigged = () => new Rig([isolated(where)])

  test.each([
    ['throws', 'throw', 'no space left', true],
    ['rejects', 'reject', 'no space left', true],
    ['throws a text', 'throwText', 'broken', true],
    ['throws what cannot be sent', 'throwSymbol', 'Threw a symbol, which is no Error.', true],
    ['throws a Fatal', 'fatal', 'no such user', false],
  ] as const)('that %s fails its task, and its worker runs the next', async (_, deed, message, retryable) => {
    await using rig = rigged()
    expect(await rig.output('count')).toBe(1)
    expect(await rig.do(deed, message)).toEqual(failure('handler_failed', message, retryable))
    expect(await rig.output('count')).toBe(2)
  })

  test.each([
    ['bigint', 'JSON has no bigint.'],
    ['function', 'JSON has no function, as found in "run".'],
  ] as const)('that returns a %s fails its task for good', async (deed, flaw) => {
    await using rig = rigged()
    expect(await rig.do(deed)).toEqual(
      failure('output_not_json', `The output of "misbehave" is not JSON: ${flaw}`, false),
    )
    expect(await rig.output('count')).toBe(1)
  })

  test.each([
    ['calls process.exit', 'exit', 'exited with code 3'],
    ['throws in a callback', 'throwLater', 'failed outside of its function: later'],
    ['leaves a rejection to nobody', 'rejectLater', 'failed outside of its function: later'],
  ] as const)('that %s fails its task, and the next one has a new worker', async (_, deed, how) => {
    await using rig = rigged()
    expect(await rig.output('count')).toBe(1)
    expect(await rig.do(deed, 3)).toEqual(failure('handler_crashed', `The ${where} of "misbehave" ${how}.`))
    expect(await rig.output('count')).toBe(1)
  })

  test.each(['hang', 'spin', 'sleep'] as const)(
    'that does not heed its signal (%s) loses its worker, and the next task has a new one',
    async (deed) => {
      await using rig = rigged()
      const context = new IsolatedContext()
      const result = rig.do(deed, undefined, context)
      await context.started
      context.controller.abort()
      expect(await result).toBe(aborted)
      expect(await rig.output('count')).toBe(1)
    },
  )

  test('that heeds its signal keeps its worker', async () => {
    await using rig = rigged()
    expect(await rig.output('count')).toBe(1)
    const context = new IsolatedContext()
    const result = rig.do('heed', undefined, context)
    await context.started
    context.controller.abort()
    expect(await result).toBe(aborted)
    expect(await rig.output('count')).toBe(2)
    expect(context.logged).toEqual([['heeded', undefined]])
  })

  test('that leaves behind what throws later takes no other task along than one of its own', async () => {
    await using rig = new Rig([isolated(where), isolated(where, 'other')])
    expect(await rig.output('leave')).toBe('left')
    const other = { handler: 'other', input: { deed: 'count' } }
    expect(await rig.kind.run(other, new IsolatedContext())).toEqual({ type: 'succeeded', output: '1' })
  })

  test('that uses the channel for messages of its own confuses nobody', async () => {
    await using rig = rigged()
    expect(await rig.output('mutter')).toBe('muttered')
    expect(await rig.output('count')).toBe(2 - 1)
  })
})

describe.each(isolations)('a module of a %s', (where) => {
  const run = async (module: URL | string): Promise<RunResult> => {
    await using rig = new Rig([isolated(where, 'broken', module)])
    return await rig.kind.run({ handler: 'broken' }, new IsolatedContext())
  }

  test('that is missing fails the task, and says nothing of where it was looked for', async () => {
    expect(await run(new URL('./missing.ts', import.meta.url))).toEqual(
      failure('handler_failed', `The module of "broken" cannot be loaded: Cannot find module 'missing.ts'`),
    )
  })

  test('that does not parse fails the task', async () => {
    using folder = temporaryFolder()
    const file = `${folder.path}/broken.js`
    await Bun.write(file, 'export const run = (( => 1')
    expect(await run(file)).toEqual(
      failure('handler_failed', 'The module of "broken" cannot be loaded: Unexpected =>'),
    )
  })

  test('that throws while it is loaded fails the task', async () => {
    using folder = temporaryFolder()
    const file = `${folder.path}/throws.js`
    await Bun.write(file, 'throw new Error("no database")')
    expect(await run(file)).toEqual(
      failure('handler_failed', 'The module of "broken" cannot be loaded: no database'),
    )
  })

  test('that exports no function fails the task for good', async () => {
    using folder = temporaryFolder()
    const file = `${folder.path}/empty.js`
    await Bun.write(file, 'export const other = 1')
    const message = 'Expected the module of "broken" to export a function, as default or as "run".'
    expect(await run(file)).toEqual(failure('handler_failed', message, false))
  })

  test('may export its function as "run"', async () => {
    using folder = temporaryFolder()
    const file = `${folder.path}/named.js`
    await Bun.write(file, 'export const run = () => "ran"')
    expect(await run(file)).toEqual({ type: 'succeeded', output: '"ran"' })
  })
})
