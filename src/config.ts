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
  const config = readSettings((key) => env[settings[key].name], byVariable, readSecrets(env))
  refuseOpenServer(config)
  return config
}

/**
 * Reads the settings as text, wherever they come from; an empty text counts as not set, and gives the default. Throws a
 * {@link ConfigError} that calls them as `naming` does.
 */
export const readSettings = (
  textOf: (key: keyof typeof settings) => string | undefined,
  naming: Naming,
  secrets: ReadonlyMap<string, string>,
): Config => {
  const readIfSet = <Key extends keyof typeof settings>(key: Key): Config[Key] | undefined => {
    const setting: Setting<Config[Key]> = settings[key]
    const text = textOf(key)?.trim() || setting.default
    if (text === undefined) return undefined
    const value = setting.parse(text)
    if (value !== undefined) return value
    throw new ConfigError(
      setting.got
        ? `Expected "${naming(key)}" ${setting.allowed}, got ${setting.got(text)}.`
        : expected(naming(key), setting.allowed, text),
    )
  }
  const read = <Key extends keyof typeof settings>(key: Key): Config[Key] & {} => {
    const value = readIfSet(key)
    if (value === undefined) throw new ConfigError(`Expected "${naming(key)}" to be set.`)
    return value
  }
  return {
    database: read('database'),
    host: read('host'),
    port: read('port'),
    tokens: readIfSet('tokens') ?? [],
    concurrency: read('concurrency'),
    durability: read('durability'),
    egressAllow: readIfSet('egressAllow') ?? [],
    artifacts: readIfSet('artifacts'),
    handlers: readIfSet('handlers'),
    sources: readIfSet('sources') ?? [],
    smtp: readIfSet('smtp'),
    webhookSecrets: readIfSet('webhookSecrets') ?? [],
    secrets,
    log: read('log'),
    graceMs: read('graceMs'),
    maxBodyBytes: read('maxBodyBytes'),
    maxSockets: read('maxSockets'),
    socketBufferBytes: read('socketBufferBytes'),
    maxQueued: read('maxQueued'),
    maxQueuedPerToken: readIfSet('maxQueuedPerToken'),
    keepMs: finite(read('keepMs')),
    idempotencyMs: read('idempotencyMs'),
  }
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
