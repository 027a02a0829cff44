import { type FaultCode, faults } from '../../job/faults.ts'
import { wrapMethods } from '../../methods.ts'
import { type Store, StoreError } from '../store.ts'

/** What SQLite (https://sqlite.org/rescode.html) or the system says, longest names first where one begins as another does. */
const byCode: readonly [begins: string, fault: FaultCode][] = [
  ['SQLITE_FULL', 'disk_full'],
  ['ENOSPC', 'disk_full'],
  ['EDQUOT', 'disk_full'],
  ['SQLITE_IOERR_NOMEM', 'out_of_memory'],
  ['SQLITE_IOERR_CORRUPTFS', 'corrupt'],
  ['SQLITE_IOERR', 'disk_failed'],
  ['EIO', 'disk_failed'],
  ['EFBIG', 'disk_failed'],
  ['SQLITE_READONLY_DBMOVED', 'replaced'],
  ['SQLITE_READONLY', 'read_only'],
  ['EROFS', 'read_only'],
  ['SQLITE_CORRUPT', 'corrupt'],
  ['SQLITE_NOTADB', 'corrupt'],
  ['SQLITE_BUSY', 'locked'],
  ['SQLITE_LOCKED', 'locked'],
  ['SQLITE_PROTOCOL', 'locked'],
  ['SQLITE_CANTOPEN', 'cannot_open'],
  ['SQLITE_PERM', 'cannot_open'],
  ['EACCES', 'cannot_open'],
  ['EPERM', 'cannot_open'],
  ['ENOENT', 'cannot_open'],
  ['SQLITE_NOMEM', 'out_of_memory'],
  ['ENOMEM', 'out_of_memory'],
  ['EMFILE', 'out_of_files'],
  ['ENFILE', 'out_of_files'],
]

/** What is wrong with the database; undefined for an error that lies in what was asked of it, or in us. */
export const faultIn = (error: unknown): FaultCode | undefined => {
  const code = codeOf(error)
  return byCode.find(([begins]) => code.startsWith(begins))?.[1]
}

/** The database, or what it stands on, is at fault, and not what was asked of it. The message is for the log: it may name a path. */
export class StoreFault extends StoreError {
  constructor(
    readonly fault: FaultCode,
    cause: unknown,
  ) {
    super(`${faults[fault].reason} (${told(cause)})`, { cause })
  }
}

/** The same store; what it rejects with says whether the database is at fault. */
export const explaining = (store: Store): Store =>
  wrapMethods(store, (method) => async (...args) => {
    try {
      return await method(...args)
    } catch (error) {
      throw explained(error)
    }
  })

const explained = (error: unknown): unknown => {
  const fault = faultIn(error)
  return fault === undefined ? error : new StoreFault(fault, error)
}

/** Why a file cannot be opened, on one line, and what to do about it. */
export const cannotOpen = (file: string, error: unknown): StoreError => {
  const fault = faultIn(error)
  const why = told(error)
  if (fault === 'corrupt')
    return new StoreError(
      `Cannot open ${file}: ${why}. It is damaged, or no SQLite database. Keep it, and restore a backup in its place, or name another file.`,
    )
  const advice = fault && faults[fault].advice.replace(/ Sheaf tries again.*$/, '')
  return new StoreError(`Cannot open ${file}: ${why}${advice === undefined ? '' : `. ${advice}`}`)
}

const told = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const code = codeOf(error)
  return code === '' || error.message.startsWith(code) ? error.message : `${code}: ${error.message}`
}

/** drizzle may wrap what SQLite threw. */
const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return ''
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' ? code : codeOf(error.cause)
}
