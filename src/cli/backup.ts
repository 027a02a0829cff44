import { existsSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import { ConfigError, settings } from '../config.ts'
import { expected } from '../job/errors.ts'
import { backup } from '../store/sqlite/backup.ts'
import type { BackupCommand } from './command.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Makes the copy, and says in lines what is in it and what is not. Throws a StoreError or a ConfigError. */
export const runBackup = (
  { to, replace, database }: BackupCommand,
  env: Environment,
  clock: Pick<Clock, 'now'>,
): string[] => {
  const from = databaseOf(database, env)
  const since = clock.now()
  const { bytes, version, jobs, tasks } = backup({ from, to, replace })
  const seconds = ((clock.now() - since) / 1_000).toFixed(1)
  return [
    `Copied ${from} to ${to}: ${sizeOf(bytes)}, ${countOf(jobs, 'job')}, ${countOf(tasks, 'task')}, schema ${version}. It took ${seconds} s, and the copy was checked.`,
    ...noteArtifacts(from, env),
  ]
}

/** Only this setting is read: a backup may run where the rest of the server's environment is not. */
const databaseOf = (option: string | undefined, env: Environment): string => {
  const { name, default: usual, allowed, parse } = settings.database
  const [from, text] =
    option === undefined ? [name, env[name]?.trim() || usual || ''] : ['--database', option.trim()]
  const file = text === '' ? undefined : parse(text)
  if (file === undefined) throw new ConfigError(expected(from, allowed, text))
  return file
}

/** Bodies that tasks saved are files of their own. A copied job needs them, so they are to be copied after it was. */
const noteArtifacts = (from: string, env: Environment): string[] => {
  const place = env[settings.artifacts.name]?.trim() || `${from}.artifacts`
  if (!place.startsWith('s3:') && !existsSync(place)) return []
  return [`What tasks saved is not in it. Copy ${place} now, after the database.`]
}

const countOf = (count: number, what: string) =>
  `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`

const sizeOf = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
