import { describe, expect, test } from 'bun:test'
import { aborted } from '../../../src/kinds/results.ts'
import { fakeClock } from '../../../src/testing/clock.ts'
import { ChildProcess } from '../../support/process.ts'
import { IsolatedContext, isolated, isolations, Rig } from './rig.ts'

const root = new URL('../../..', import.meta.url).pathname
const script = new URL('./leftovers.ts', import.meta.url).pathname

describe.each(isolations)('a pool of which each is a %s', (where) => {
  const rigged = (workers = 1) => new Rig([isolated(where)], { workers })

  test('runs tasks in the order they came, one a worker', async () => {
    await using rig = rigged()
    const counts = await Promise.all(Array.from({ length: 20 }, () => rig.output('count')))
    expect(counts).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
  })

  test('runs as many at once as it has workers', async () => {
    await using rig = rigged(2)
    const contexts = [1, 2, 3].map(() => new IsolatedContext())
    const [first, second, third] = contexts
    const results = contexts.map((context) => rig.do('heed', undefined, context))
    await Promise.all([first?.started, second?.started])
    expect(third?.progressed).toEqual([])
    first?.controller.abort()
    await third?.started
    for (const { controller } of contexts) controller.abort()
    expect(await Promise.all(results)).toEqual([aborted, aborted, aborted])
  })

  test('lets a task that waits leave when it is aborted', async () => {
    await using rig = rigged()
    const [first, second] = [new IsolatedContext(), new IsolatedContext()]
    const running = rig.do('heed', undefined, first)
    const waiting = rig.do('exit', 3, second)
    const last = rig.output('count')
    second.controller.abort()
    expect(await waiting).toBe(aborted)
    first.controller.abort()
    expect(await running).toBe(aborted)
    // Had the second one run, the worker would be a new one; the abort of the first came before it began.
    expect(await last).toBe(1)
    expect(second.progressed).toEqual([])
  })

  test('does not begin a task that was aborted before', async () => {
    await using rig = rigged()
    const context = new IsolatedContext()
    context.controller.abort()
    expect(await rig.do('exit', 3, context)).toBe(aborted)
  })

  test('ends a worker that was idle for long, and leaves no timer', async () => {
    const clock = fakeClock()
    await using rig = new Rig([isolated(where)], { workers: 1, clock, idleMs: 1_000 })
    expect(await rig.output('count')).toBe(1)
    await clock.advance(999)
    expect(await rig.output('count')).toBe(2)
    await clock.advance(1_000)
    expect(await rig.output('count')).toBe(1)
    await rig.kind.close()
    expect(clock.pending).toBe(0)
  })

  test('keeps no more idle workers than it runs at once, whatever the number of handlers', async () => {
    const clock = fakeClock()
    const names = ['a', 'b', 'c']
    await using rig = new Rig(
      names.map((name) => isolated(where, name)),
      { workers: 2, clock },
    )
    const count = (handler: string) =>
      rig.kind.run({ handler, input: { deed: 'count' } }, new IsolatedContext())
    for (const name of names) await count(name)
    // `a` was idle for longest, and had to go.
    expect(await count('c')).toMatchObject({ output: '2' })
    expect(await count('b')).toMatchObject({ output: '2' })
    expect(await count('a')).toMatchObject({ output: '1' })
  })

  test('that is closed ends what runs, what waits and what comes', async () => {
    const clock = fakeClock()
    const rig = new Rig([isolated(where)], { workers: 1, clock })
    const context = new IsolatedContext()
    const running = rig.do('spin', undefined, context)
    const waiting = rig.do('count')
    await context.started
    await Promise.all([rig.kind.close(), rig.kind.close()])
    const closed = { error: { code: 'handler_crashed', message: `The ${where} of "misbehave" was closed.` } }
    for (const result of [running, waiting, rig.do('count')]) expect(await result).toMatchObject(closed)
    expect(clock.pending).toBe(0)
  })

  test('that is closed leaves nothing that keeps the process alive', async () => {
    await using child = new ChildProcess([process.execPath, script, where, 'close'], root)
    expect(await child.ended).toEqual({ code: 0, signal: null })
    expect(child.stderr.text).toBe('')
  })

  test('does not outlive a server that is killed', async () => {
    await using child = new ChildProcess([process.execPath, script, where, 'stay'], root)
    await child.stdout.line(/^running$/)
    child.signal('SIGKILL')
    // The process of the handler has the same stdout: that is closed when both are gone.
    await child.ended
  })
})
