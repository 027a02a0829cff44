/** Makes a file with one job of so many http tasks, all queued: `bun fill.ts <file> <tasks> <url>`. Prints the job's id. */
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { jobIn, newJob } from '../../support/jobs.ts'

const [file, count, url] = process.argv.slice(2)
if (file === undefined || count === undefined || url === undefined) throw new Error('Say file, tasks and URL')

/** Fewer than the places of a server: the others are for whoever comes meanwhile. */
const concurrency = 64

// On a file that nobody uses yet there is nothing to lose, and the whole of it is one commit.
const store = openSqlite({ file, durability: 'normal' })
const task = { kind: 'http', queue: `http:${new URL(url).host}`, input: JSON.stringify({ url }) }
const tasks = Array<typeof task>(Number(count)).fill(task)
const batch = { submissions: [newJob({ concurrency, tasks })], actions: [], settlements: [], claim: 0 }
const { submitted } = await store.commit(batch, Date.now())
const { id } = jobIn(submitted[0])
await store.close()
console.log(id)
