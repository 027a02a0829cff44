import { expect, test } from 'bun:test'
import { IsolatedContext, isolated, isolations, Rig } from './rig.ts'

const rounds = 15

test.each(isolations)(
  'whatever tasks do to their %s, each other task of the pool gets its own result',
  async (where) => {
    await using rig = new Rig([isolated(where)], { workers: 3, graceMs: 5 })
    const aborting = async (deed: 'spin' | 'hang' | 'heed') => {
      const context = new IsolatedContext()
      const result = rig.do(deed, undefined, context)
      await context.started
      context.controller.abort()
      return result
    }
    const good = async (value: string) => expect(await rig.output('echo', value)).toBe(value)
    const bad = async (result: Promise<{ type: string }>) => expect((await result).type).toBe('failed')
    await Promise.all(
      Array.from({ length: rounds }, (_, round) => [
        good(`a${round}`),
        bad(aborting('spin')),
        bad(rig.do('exit', round)),
        good(`b${round}`),
        bad(rig.do('throw', 'x')),
        bad(rig.do('throwLater')),
        good(`c${round}`),
        bad(aborting('hang')),
        bad(aborting('heed')),
        bad(rig.do('rejectLater')),
        good(`d${round}`),
      ]).flat(),
    )
  },
  30_000,
)
