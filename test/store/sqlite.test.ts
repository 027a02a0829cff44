import { afterAll } from 'bun:test'
import { join } from 'node:path'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { describeStore } from './contract.ts'
import { tempDirs } from './temp.ts'

const dirs = tempDirs()
afterAll(() => dirs.remove())

// A real file, but without waiting for the disk: thousands of commits take seconds where they would take a minute.
const durability = 'normal'
describeStore('SQLite', () => {
  const file = join(dirs.make(), 'sheaf.db')
  return async () => openSqlite({ file, durability })
})
