import {
  index as plainIndex,
  uniqueIndex as plainUniqueIndex,
  sqliteTableCreator,
} from 'drizzle-orm/sqlite-core'

/** An app may keep its own tables in the same file: ours begin with `sheaf_`, and so do their indexes. */
const named = (name: string) => `sheaf_${name}`

export const sqliteTable = sqliteTableCreator(named)
export const index = (name: string) => plainIndex(named(name))
export const uniqueIndex = (name: string) => plainUniqueIndex(named(name))
