/** The names of SQLite's result codes by their number (https://sqlite.org/rescode.html). */
const names = [
  'OK',
  'ERROR',
  'INTERNAL',
  'PERM',
  'ABORT',
  'BUSY',
  'LOCKED',
  'NOMEM',
  'READONLY',
  'INTERRUPT',
  'IOERR',
  'CORRUPT',
  'NOTFOUND',
  'FULL',
  'CANTOPEN',
  'PROTOCOL',
  'EMPTY',
  'SCHEMA',
  'TOOBIG',
  'CONSTRAINT',
  'MISMATCH',
  'MISUSE',
  'NOLFS',
  'AUTH',
  'FORMAT',
  'RANGE',
  'NOTADB',
]

/** What the second byte of a SQLITE_CONSTRAINT says. */
const constraints = [
  '',
  'CHECK',
  'COMMITHOOK',
  'FOREIGNKEY',
  'FUNCTION',
  'NOTNULL',
  'PRIMARYKEY',
  'TRIGGER',
  'UNIQUE',
  'VTAB',
  'ROWID',
  'PINNED',
  'DATATYPE',
]

/** `SQLITE_BUSY`, `SQLITE_CONSTRAINT_UNIQUE`. Of other codes, only the primary part is named. */
export const codeName = (number: number): string => {
  const primary = names[number & 0xff] ?? String(number)
  const constraint = primary === 'CONSTRAINT' ? constraints[number >> 8] : undefined
  return `SQLITE_${primary}${constraint ? `_${constraint}` : ''}`
}
