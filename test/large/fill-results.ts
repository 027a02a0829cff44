/**
 * Makes a file with two jobs of so many tasks, one that has ended and one that is yet to run; prints their ids, a line each:
 * `bun fill-results.ts <file> <count>`.
 */
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Batch, Settlement } from '../../src/store/store.ts'
import { jobIn, newJob } from '../support/jobs.ts'

const [file, count] = process.argv.slice(2)
if (file === undefined || count === undefined) throw new Error('Say which file, and how many')

const nothing: Batch = { submissions: [], settlements: [], actions: [], claim: 0 }
const perCommit = 5_000

const store = openSqlite({ file, durability: 'normal' })
const submit = async () => {
  const { submitted } = await store.commit({ ...nothing, submissions: [newJob({ tasks: Number(count) })] }, 0)
  return jobIn(submitted[0]).id
}

const outputOf = (index: number) =>
  JSON.stringify({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: { id: index, name: `user ${index}` },
  })

const ended = await submit()
for (let settlements: Settlement[] = []; ; ) {
  const { claimed } = await store.commit({ ...nothing, settlements, claim: perCommit }, 0)
  if (claimed.length === 0) break
  // The last claimed first, so that the order in which they end is not that of the input.
  settlements = claimed
    .toReversed()
    .map((claim) => ({ claim, result: { type: 'succeeded', output: outputOf(claim.index) } }))
}
const waiting = await submit()
await store.close()
console.log(`${ended}\n${waiting}`)
