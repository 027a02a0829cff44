/**
 * Queues a million tasks on a file, in jobs of 50,000, while others run, and says what that costs in memory. A process of
 * its own, so that nothing else is measured: `bun fill.ts <file>`.
 */
import { systemClock } from '../../../src/clock.ts'
import { createEngine } from '../../../src/engine/create.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { jobOf, tasksOf } from '../../support/engine.ts'
import { Script } from '../../support/script.ts'

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('Say which file')

const store = openSqlite({ file })
const engine = createEngine({ store, kinds: { script: new Script() }, clock: systemClock, graceMs: 0 })
await engine.start()
for (let job = 0; job < 20; job += 1) await engine.submit(jobOf(tasksOf('script', 50_000)))

let queued = 0
let running = 0
for (const { counts } of (await store.jobs({ limit: 100 })).data) {
  queued += counts.queued
  running += counts.running
}
const rss = process.memoryUsage().rss
await engine.stop()
await store.close()
console.log(JSON.stringify({ queued, running, rss }))
