import { describe, expect, test } from 'bun:test'
import { jobOf, startEngine, taskOf } from '../../support/engine.ts'
import { isolated, isolations, Rig } from './rig.ts'

describe.each(isolations)('in the engine, a task in a %s', (where) => {
  test('that spins fails at its timeout, and the tasks after it run', async () => {
    await using call = new Rig([isolated(where)])
    const started = Promise.withResolvers<void>()
    const kind = {
      ...call.kind,
      run: (...[input, context]: Parameters<typeof call.kind.run>) => {
        const { progress } = context
        context.progress = (done) => {
          progress.call(context, done)
          started.resolve()
        }
        return call.kind.run(input, context)
      },
    }
    await using rig = await startEngine({ kinds: { call: kind } })
    const job = (deed: string, timeoutMs: number) => {
      const options = JSON.stringify({ timeoutMs, retry: { attempts: 1 } })
      return jobOf([taskOf('call', { handler: 'misbehave', input: { deed } }, { options })])
    }
    const spinning = await rig.submit(job('spin', 60_000))
    await started.promise
    // It waits within its attempt: with the same timeout, it would end with the first.
    const waiting = await rig.submit(job('count', 120_000))
    await rig.clock.advance(60_000)
    const [failed] = await rig.tasks(await rig.ended(spinning))
    expect(failed).toMatchObject({ state: 'failed', error: expect.stringContaining('"timeout"') })
    const [succeeded] = await rig.tasks(await rig.ended(waiting))
    expect(succeeded).toMatchObject({ state: 'succeeded', output: '1' })
  })
})
