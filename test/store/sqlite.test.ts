import { afterAll } from 'bun:test'
import { join } from 'node:path'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { describeStore } from './contract.ts'
import { tempDirs } from './temp.ts'

const dirs = tempDirs()
afterAll(() => dirs.remove())

describeStore('SQLite', async () => openSqlite({ file: join(dirs.make(), 'sheaf.db') }))
