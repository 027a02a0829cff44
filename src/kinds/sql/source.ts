import { resolve } from 'node:path'
import { openPool } from './server/pool.ts'

/** A database that `sql` tasks may name. */
export type Source = SqliteSource | ServerSource

interface Named {
  name: string
  /** Unless it is, the database itself refuses every write. */
  writable: boolean
}

export interface SqliteSource extends Named {
  dialect: 'sqlite'
  /** An absolute path. */
  file: string
}

export interface ServerSource extends Named {
  dialect: 'postgres' | 'mysql'
  /** Holds a password: never to be shown. */
  url: string
}

/** `main=sqlite:./app.db,stats:rw=postgres://…`; undefined when {@link flawOfSources} finds something. */
export const parseSources = (text: string): Source[] | undefined => {
  const sources = readSources(text)
  return typeof sources === 'string' ? undefined : sources
}

/** What is wrong with the first bad entry, without a word of its URL. */
export const flawOfSources = (text: string): string => {
  const flaw = readSources(text)
  return typeof flaw === 'string' ? flaw : 'nothing wrong'
}

/** The sources, or what is wrong with the first bad one. */
const readSources = (text: string): Source[] | string => {
  const entries = text.split(',').map((entry) => entry.trim())
  const sources = new Map<string, Source>()
  for (const [index, entry] of entries.entries()) {
    const source = readSource(entry)
    const flaw = typeof source === 'string' ? source : sources.has(source.name) && 'a name that is taken'
    if (flaw) return `${flaw} in entry ${index + 1} of ${entries.length}`
    if (typeof source !== 'string') sources.set(source.name, source)
  }
  return [...sources.values()]
}

const namePattern = /^[A-Za-z][\w.-]{0,63}$/

const readSource = (entry: string): Source | string => {
  const equals = entry.indexOf('=')
  if (equals < 0) return 'no "=" (a comma within a URL is written %2C)'
  const [name = '', option, ...rest] = entry.slice(0, equals).trim().split(':')
  if (!namePattern.test(name))
    return 'a name that is not a letter and up to 63 letters, digits, "_", "-", "."'
  if (rest.length > 0 || (option !== undefined && option !== 'rw')) return 'an option other than "rw"'
  const place = placeOf(entry.slice(equals + 1).trim())
  return typeof place === 'string' ? place : { name, writable: option === 'rw', ...place }
}

type Place = Pick<SqliteSource, 'dialect' | 'file'> | Pick<ServerSource, 'dialect' | 'url'>

const placeOf = (text: string): Place | string => {
  const path = /^(?:sqlite|file):(?:\/\/)?(.*)$/i.exec(text)?.[1]
  if (path !== undefined) return fileOf(path)
  const dialect = dialectOf(text)
  if (!dialect) return 'a URL that begins with none of sqlite:, file:, postgres://, mysql://'
  return isUsable(text) ? { dialect, url: text } : 'a URL that is not valid, has no host or an unknown option'
}

/** A client checks what it is given, and connects only when it is first used. */
const isUsable = (url: string): boolean => {
  try {
    openPool({ url })
    return URL.parse(url)?.hostname !== ''
  } catch {
    return false
  }
}

/** The path is taken as it is written: nothing in it is decoded. */
const fileOf = (path: string): Place | string => {
  // Each query opens the database anew, and one in memory would be empty each time.
  if (path === '' || path === ':memory:') return 'an SQLite database without a file'
  if (path.includes('?')) return 'an SQLite path with "?" (there are no options)'
  return { dialect: 'sqlite', file: resolve(path) }
}

const dialectOf = (text: string): ServerSource['dialect'] | undefined => {
  if (/^postgres(ql)?:\/\//i.test(text)) return 'postgres'
  return /^(mysql|mariadb):\/\//i.test(text) ? 'mysql' : undefined
}
