/** A process that opens a store, commits to it, and then holds it until it is killed. For locking.test.ts. */
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { Driver } from '../driver.ts'

const [file = ''] = process.argv.slice(2)
try {
  const s = new Driver(openSqlite({ file }))
  const job = await s.submit({ tasks: 3 })
  await s.claim(2)
  console.log(`holds ${job.id}`)
  setInterval(() => {}, 60_000)
} catch (error) {
  console.log(`refused: ${error instanceof Error ? error.message : error}`)
}
