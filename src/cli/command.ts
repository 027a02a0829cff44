import { parseArgs } from 'node:util'
import { nearest } from '../job/explain/nearest.ts'

/** What `sheaf` is told to do. */
export type Command = { type: 'serve' } | { type: 'help' } | { type: 'version' } | BackupCommand

export interface BackupCommand {
  type: 'backup'
  to: string
  /** Undefined for the one that the environment names. */
  database: string | undefined
  replace: boolean
}

/** A command that cannot be understood. The message is one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const names = ['serve', 'backup', 'help', 'version']

const options = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
  database: { type: 'string' },
  force: { type: 'boolean' },
} as const

/** Reads what follows `sheaf` on the command line; nothing means `serve`. Throws a {@link UsageError}. */
export const readCommand = (args: readonly string[]): Command => {
  const { values, positionals } = parse(args)
  const [name = 'serve', ...rest] = positionals
  if (values.help || name === 'help') return { type: 'help' }
  if (values.version || name === 'version') return { type: 'version' }
  if (name === 'backup') return readBackup(values, rest)
  if (name !== 'serve') throw unknown(name)
  for (const got of [...rest, ...Object.keys(values).map((option) => `--${option}`)])
    throw new UsageError(`Expected nothing after "sheaf serve", got "${got}".`)
  return { type: 'serve' }
}

const readBackup = (
  { database, force = false }: { database?: string; force?: boolean },
  [to, ...more]: string[],
): BackupCommand => {
  if (to === undefined || to === '')
    throw new UsageError('Expected the name of a file to copy to: "sheaf backup FILE".')
  if (more.length > 0)
    throw new UsageError(`Expected one file after "sheaf backup", got "${[to, ...more].join('" and "')}".`)
  return { type: 'backup', to, database, replace: force }
}

const unknown = (name: string) => {
  const meant = nearest(name, names)
  return new UsageError(
    `There is no command "${name}"${meant ? `: did you mean "${meant}"?` : '; "sheaf --help" lists them.'}`,
  )
}

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    // What else the message says is advice on names that begin with a dash.
    const [first] = error instanceof Error ? error.message.split('. ') : [String(error)]
    throw new UsageError(`${first}; "sheaf --help" lists what there is.`)
  }
}
