import { createCall } from '../../../src/kinds/call.ts'
import type { Progress } from '../../../src/kinds/kind.ts'
import { TestContext } from '../context.ts'
import { type Isolated, isolated } from './rig.ts'

/** A process with one worker that is busy for ever and one that is idle, which it closes or not. */
const [where, then] = process.argv.slice(2)

const kind = createCall([isolated(where as Isolated)], { workers: 2, idleMs: 3_600_000 })
const started = Promise.withResolvers<void>()
const context = new (class extends TestContext {
  override progress(_: Progress) {
    started.resolve()
  }
})()
const run = (deed: string) => kind.run({ handler: 'misbehave', input: { deed } }, context)

const busy = run('spin')
await Promise.all([run('count'), started.promise])
if (then === 'close') await Promise.all([kind.close(), busy])
else console.log('running')
