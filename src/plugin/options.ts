import type { PartsOptions } from '../assemble.ts'
import { systemClock } from '../clock.ts'
import { ConfigError, type Durability, type Naming, readSettings, settings } from '../config.ts'
import { show } from '../job/errors.ts'
import { nearest } from '../job/explain/nearest.ts'
import type { Handler } from '../kinds/handler.ts'
import { createLog, type Log, type LogLevel } from '../log.ts'

/** Each is the setting of the same name in the README, in camel case; nothing is read from the environment. */
export interface SheafOptions<Prefix extends string = string> {
  /** The handlers that `call` tasks run. Default: none. */
  handlers?: readonly Handler[]
  /** The SQLite file that keeps the jobs; it may be the one of the app itself. Default `./sheaf.db`. */
  database?: string
  /** Where the routes of Sheaf begin. Default `/sheaf`. */
  prefix?: Prefix
  /**
   * Whether the app itself keeps strangers out, by a hook before this plugin. Then Sheaf takes no `tokens`, and looks at neither `Host` nor
   * `Origin`: with cookies, look at the origin of a WebSocket yourself. Default false.
   */
  guarded?: boolean
  /** As `SHEAF_TOKENS`. Without it, and unless `guarded`, the routes answer requests to this machine's own names only. */
  tokens?: string
  /** How many tasks run at once. Default 256. */
  concurrency?: number
  /** `full` (the default) survives a power cut; `normal` is faster and survives a crash of the process, but not of the machine. */
  durability?: Durability
  /** What tasks may reach although it is not public, as `SHEAF_EGRESS_ALLOW`. Default: nothing. */
  egressAllow?: string
  /** Where `http` tasks save bodies: a folder, or `s3://bucket/prefix`. Default: `<database>.artifacts`. */
  artifacts?: string
  /** The databases that `sql` tasks may ask, as `SHEAF_SOURCES`. Default: none. */
  sources?: string
  /** The mail server of `email` tasks, as `SHEAF_SMTP`. Default: none. */
  smtp?: string
  /** What webhooks are signed with, as `SHEAF_WEBHOOK_SECRETS`. Default: nothing; a job that has one must name a secret. */
  webhookSecrets?: string
  /** What `{{secrets.NAME}}` stands for, by name. Default: none. */
  secrets?: Readonly<Record<string, string>>
  /** The least important level that is written to stderr (default `warn`), or where lines go. */
  log?: LogLevel | Log
  /** How long a stop waits for running tasks before it gives them back, in milliseconds. Default 10,000. */
  graceMs?: number
  /** The largest request body that is read, in bytes. Default 16 MiB. */
  maxBodyBytes?: number
  /** The most that is buffered for one subscriber that reads slowly, in bytes. Default 1 MiB. */
  socketBufferBytes?: number
  /** How many WebSockets and event streams may be open. Default 10,000. */
  maxSockets?: number
  /** How many tasks may wait in all. Default 10,000,000. */
  maxQueued?: number
  /** How many tasks may wait that were submitted with one token. Default: any number. */
  maxQueuedPerToken?: number
  /** How long ended jobs are kept, in milliseconds, or `forever`. Default: a week. */
  keepMs?: number | 'forever'
  /** How long an `Idempotency-Key` stands for the request that used it first, in milliseconds. Default: a day. */
  idempotencyMs?: number
}

export const defaultPrefix = '/sheaf'

/** Options are called what they are. */
const byOption: Naming = (key) => key

/** What is not a setting. */
const own = ['handlers', 'prefix', 'guarded', 'secrets', 'log'] as const
/** Settings that belong to whoever listens. */
const hostOnly: readonly string[] = ['host', 'port', 'handlers', 'log']

/** Reads the options of the plugin. Throws a {@link ConfigError} that names the option, the value and what is allowed. */
export const readOptions = (options: SheafOptions): PartsOptions => {
  const { handlers, prefix = defaultPrefix, guarded = false, secrets = {}, log = 'warn', ...given } = options
  refuseUnknown(options)
  refusePrefix(prefix)
  if (guarded && options.tokens !== undefined)
    throw new ConfigError(
      'Expected either "guarded" or "tokens", got both: of a guarded Sheaf no token is looked at.',
    )
  const texts: Readonly<Record<string, string | number | undefined>> = given
  const textOf = (key: string) => (texts[key] === undefined ? undefined : String(texts[key]))
  return {
    config: readSettings(textOf, byOption, new Map(Object.entries(secrets))),
    naming: byOption,
    log: typeof log === 'string' ? createLog({ level: log, clock: systemClock }) : log,
    ...(handlers && { handlers }),
    shared: true,
    app: { prefix, guarded },
  }
}

const refusePrefix = (prefix: string): void => {
  if (/^(\/[\w.~-]+)+$/.test(prefix)) return
  throw new ConfigError(`Expected "prefix" to be a path such as "${defaultPrefix}", got ${show(prefix)}.`)
}

/** TypeScript rules it out, but an app may be written in JavaScript. */
const refuseUnknown = (options: object): void => {
  const names = [...own, ...Object.keys(settings).filter((name) => !hostOnly.includes(name))]
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue
    const meant = nearest(name, names)
    throw new ConfigError(`There is no option "${name}"${meant ? `: did you mean "${meant}"?` : '.'}`)
  }
}
