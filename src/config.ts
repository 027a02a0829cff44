import { type Config, type Setting, settings } from './config/settings.ts'
import { finite } from './config/text.ts'
import { failpointVariable } from './failpoint.ts'
import { expected } from './job/errors.ts'
import { nearest } from './job/explain/nearest.ts'
import { isLoopback } from './loopback.ts'

export { type Config, type Durability, settings } from './config/settings.ts'

/** What a setting is called by whoever sets it. */
export type Naming = (key: keyof typeof settings) => string

/** As an environment variable. */
export const byVariable: Naming = (key) => settings[key].name

/** A setting that cannot be used. The message is one line and holds no secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

type Environment = Readonly<Record<string, string | undefined>>

/** Reads the settings out of the environment; an empty variable counts as not set. Throws a {@link ConfigError}. */
export const readConfig = (env: Environment): Config => {
  refuseUnknown(env)
  const read = <T>(setting: Setting<T>): T => {
    const value = readIfSet(env, setting)
    if (value === undefined) throw new ConfigError(`Expected "${setting.name}" to be set.`)
    return value
  }
  const config: Config = {
    database: read(settings.database),
    host: read(settings.host),
    port: read(settings.port),
    tokens: readIfSet(env, settings.tokens) ?? [],
    concurrency: read(settings.concurrency),
    durability: read(settings.durability),
    egressAllow: readIfSet(env, settings.egressAllow) ?? '',
    artifacts: readIfSet(env, settings.artifacts),
    handlers: readIfSet(env, settings.handlers),
    sources: readIfSet(env, settings.sources) ?? [],
    smtp: readIfSet(env, settings.smtp),
    secrets: readSecrets(env),
    log: read(settings.log),
    graceMs: read(settings.graceMs),
    maxBodyBytes: read(settings.maxBodyBytes),
    maxQueued: read(settings.maxQueued),
    maxQueuedPerToken: readIfSet(env, settings.maxQueuedPerToken),
    keepMs: finite(read(settings.keepMs)),
    idempotencyMs: read(settings.idempotencyMs),
  }
  refuseOpenServer(config)
  return config
}

const readIfSet = <T>(env: Environment, setting: Setting<T>): T | undefined => {
  const text = env[setting.name]?.trim() || setting.default
  if (text === undefined) return undefined
  const value = setting.parse(text)
  if (value !== undefined) return value
  throw new ConfigError(
    setting.got
      ? `Expected "${setting.name}" ${setting.allowed}, got ${setting.got(text)}.`
      : expected(setting.name, setting.allowed, text),
  )
}

/** `SHEAF_SECRET_API_KEY=…` is what `{{secrets.API_KEY}}` stands for. */
const secretPrefix = 'SHEAF_SECRET_'

const readSecrets = (env: Environment): ReadonlyMap<string, string> => {
  const secrets = new Map<string, string>()
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(secretPrefix) || value === undefined || value === '') continue
    const name = variable.slice(secretPrefix.length)
    if (!/^[A-Za-z_]\w*$/.test(name))
      throw new ConfigError(`Expected "${variable}" to end in a name of letters, digits and "_".`)
    secrets.set(name, value)
  }
  return secrets
}

/** A misspelt setting would be ignored in silence, and the default used in its place. */
const refuseUnknown = (env: Environment): void => {
  const names = Object.values(settings).map(({ name }) => name)
  const known = [...names, failpointVariable]
  for (const name of Object.keys(env)) {
    if (!name.startsWith('SHEAF_') || name.startsWith(secretPrefix) || known.includes(name)) continue
    const meant = nearest(name, names)
    throw new ConfigError(`There is no setting "${name}"${meant ? `: did you mean "${meant}"?` : '.'}`)
  }
}

const refuseOpenServer = ({ host, tokens }: Config): void => {
  if (isLoopback(host) || tokens.length > 0) return
  throw new ConfigError(
    `Expected "SHEAF_TOKENS" to be set when "HOST" is not a loopback address, got HOST=${host} without tokens: anyone who reaches it could run tasks.`,
  )
}
