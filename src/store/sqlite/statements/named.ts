import { Column, getTableName, is } from 'drizzle-orm'

/** What a statement reads, and what it is called in the result. */
export interface Field {
  path: string[]
  field: unknown
}

/**
 * The statement with each of its columns named as its field is, where drizzle reads them by position: then a row comes out of
 * SQLite as it is used. Undefined where it reads anything but columns.
 */
export const named = (sql: string, fields: readonly Field[]): string | undefined => {
  const columns = fields.flatMap(({ path, field }) =>
    is(field, Column) ? { name: path.join('.'), column: field } : [],
  )
  if (columns.length < fields.length) return undefined
  for (const write of [bare, qualified]) {
    const list = columns.map(({ column }) => write(column)).join(', ')
    const renamed = columns.map(({ name, column }) => `${write(column)} as "${name}"`).join(', ')
    const [read, returned] = [`select ${list} from `, ` returning ${list}`]
    if (sql.startsWith(read)) return `select ${renamed} from ${sql.slice(read.length)}`
    if (sql.endsWith(returned)) return `${sql.slice(0, -returned.length)} returning ${renamed}`
  }
  return undefined
}

/** As drizzle writes them in a statement of one table, and of more. */
const bare = ({ name }: Column) => `"${name}"`
const qualified = ({ name, table }: Column) => `"${getTableName(table)}"."${name}"`
