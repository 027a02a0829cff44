import { limits } from '../job/limits.ts'
import { type Allow, allowFlaw, parseAllow } from '../kinds/egress/allow.ts'
import { allowedSmtp, flawOfSmtp, parseSmtp, type SmtpSettings } from '../kinds/email/smtp.ts'
import { flawOfSources, parseSources, type Source } from '../kinds/sql/source.ts'
import { allowedSecrets, flawOfSecrets, readSecrets, type SigningKey } from '../kinds/webhook/secret.ts'
import { type LogLevel, logLevels } from '../log.ts'
import { flawOf, readTokens, type Token } from '../tokens.ts'
import { list, oneOf, wholeNumber } from './text.ts'

export interface Config {
  database: string
  host: string
  port: number
  tokens: readonly Token[]
  concurrency: number
  durability: Durability
  /** What outgoing requests may reach although it is not public. */
  egressAllow: Allow
  /** The folder or bucket for what tasks save; undefined for a folder beside the database. */
  artifacts: string | undefined
  /** The path or URL of the module that exports the handlers. */
  handlers: string | undefined
  /** The databases that `sql` tasks may ask. */
  sources: readonly Source[]
  /** Where `email` tasks send their mail. */
  smtp: SmtpSettings | undefined
  /** What webhooks are signed with, the newest first. */
  webhookSecrets: readonly SigningKey[]
  /** The values of `SHEAF_SECRET_<NAME>`, by name. */
  secrets: ReadonlyMap<string, string>
  log: LogLevel
  graceMs: number
  maxBodyBytes: number
  /** The most that is buffered for one subscriber, in bytes. */
  socketBufferBytes: number
  /** How many WebSockets and event streams may be open. */
  maxSockets: number
  /** How many tasks may wait in all. */
  maxQueued: number
  /** How many of them may be of jobs that one token submitted; undefined for any number. */
  maxQueuedPerToken: number | undefined
  /** How long jobs are kept after their end that do not say, in milliseconds; undefined for as long as nobody deletes them. */
  keepMs: number | undefined
  /** How long an idempotency key lives, in milliseconds. */
  idempotencyMs: number
}

const durabilities = ['full', 'normal'] as const
export type Durability = (typeof durabilities)[number]

/** A thousand million: no disk that Sheaf is made for holds more tasks. */
const mostQueued = 1_000_000_000

/** One environment variable: a row of the README's table, and how its text becomes a value. */
export interface Setting<T> {
  name: string
  /** The text that stands in for a variable that is not set, or is empty. */
  default: string | undefined
  /** What the text may be, to follow the name: `between 0 and 65535`. */
  allowed: string
  description: string
  /** Undefined when the text is not allowed. */
  parse(text: string): T | undefined
  /** What is wrong with the text, where the text itself must not be shown. */
  got?(text: string): string
}

export const settings: { readonly [Key in Exclude<keyof Config, 'secrets'>]: Setting<Config[Key]> } = {
  database: {
    name: 'SHEAF_DATABASE',
    default: './sheaf.db',
    allowed: 'to be the path of an SQLite file',
    description: 'The file that keeps the jobs; it is created if it is not there.',
    parse: (text) => (/^[a-z][a-z0-9+.-]+:\/\//i.test(text) ? undefined : text),
  },
  host: {
    name: 'HOST',
    default: '127.0.0.1',
    allowed: 'to be an IP address or a host name',
    description: 'The address to listen on. One that other machines can reach needs `SHEAF_TOKENS`.',
    parse: (text) => (/^[a-z0-9.:_-]+$/i.test(text) ? text : undefined),
  },
  port: {
    name: 'PORT',
    default: '3000',
    allowed: 'between 0 and 65535',
    description: 'The port to listen on; 0 takes any free one.',
    parse: wholeNumber(0, 65_535),
  },
  tokens: {
    name: 'SHEAF_TOKENS',
    default: undefined,
    allowed:
      'to be scope:secret,… with the scopes read, submit or admin and secrets of at least 16 visible characters',
    description:
      'Who may do what: `read` sees jobs, `submit` also submits and changes them, `admin` may do everything. Without it no token is needed, on this machine only.',
    parse: readTokens,
    got: flawOf,
  },
  concurrency: {
    name: 'SHEAF_CONCURRENCY',
    default: '256',
    allowed: 'between 1 and 10000',
    description: 'How many tasks run at once.',
    parse: wholeNumber(1, 10_000),
  },
  durability: {
    name: 'SHEAF_DURABILITY',
    default: 'full',
    allowed: `to be ${list(durabilities)}`,
    description:
      '`full` survives a power cut; `normal` is faster and survives a crash of the process, but not of the machine.',
    parse: oneOf(durabilities),
  },
  egressAllow: {
    name: 'SHEAF_EGRESS_ALLOW',
    default: undefined,
    allowed: 'to be addresses, ranges and host names',
    description:
      'What requests may reach although it is not public, such as `127.0.0.1:8080,10.0.0.0/8,*.svc.local`: addresses, ranges and names, each for one port or all. By default nothing.',
    parse: parseAllow,
    got: (text) => allowFlaw(text) ?? '',
  },
  artifacts: {
    name: 'SHEAF_ARTIFACTS',
    default: undefined,
    allowed: 'to be the path of a folder, or s3://bucket/prefix',
    description:
      'Where `http` tasks save bodies: a folder, or `s3://bucket/prefix` with the credentials in `S3_ACCESS_KEY_ID`, `S3_SECRET_ACCESS_KEY`, `S3_REGION` and `S3_ENDPOINT`. By default the folder `<SHEAF_DATABASE>.artifacts`.',
    parse: (text) =>
      /^(?![a-z][a-z0-9+.-]+:\/\/)|^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/|$)/i.test(text)
        ? text
        : undefined,
  },
  sources: {
    name: 'SHEAF_SOURCES',
    default: undefined,
    allowed:
      'to be name=url,… with sqlite:, file:, postgres:// or mysql:// URLs, and name:rw=url for a source that may be written',
    description:
      'The databases that `sql` tasks may ask, such as `main=sqlite:./app.db,stats:rw=postgres://…`: read-only without `:rw`. Write a comma within a URL as `%2C`.',
    parse: parseSources,
    got: flawOfSources,
  },
  smtp: {
    name: 'SHEAF_SMTP',
    default: undefined,
    allowed: allowedSmtp,
    description:
      'The mail server of `email` tasks: `smtp://user:password@host:port?from=…`, or `smtps://`. STARTTLS is required, except on this machine.',
    parse: parseSmtp,
    got: flawOfSmtp,
  },
  webhookSecrets: {
    name: 'SHEAF_WEBHOOK_SECRETS',
    default: undefined,
    allowed: `to be ${allowedSecrets}`,
    description:
      'What webhooks are signed with: `whsec_…` with 24 to 64 bytes in base64. Of several, separated by commas, each signs, so that one can follow another. Without it a job that has a webhook must name a secret.',
    parse: readSecrets,
    got: flawOfSecrets,
  },
  handlers: {
    name: 'SHEAF_HANDLERS',
    default: undefined,
    allowed: 'to be the path of a module that exports handlers',
    description: 'The module whose handlers `call` tasks run.',
    parse: (text) => text,
  },
  log: {
    name: 'SHEAF_LOG',
    default: 'info',
    allowed: `to be ${list(logLevels)}`,
    description: 'The least important level that is written to stderr.',
    parse: oneOf(logLevels),
  },
  graceMs: {
    name: 'SHEAF_GRACE_MS',
    default: '10000',
    allowed: 'between 0 and 3600000',
    description: 'How long a stop waits for running tasks before it gives them back, in milliseconds.',
    parse: wholeNumber(0, 3_600_000),
  },
  maxBodyBytes: {
    name: 'SHEAF_MAX_BODY_BYTES',
    default: String(16 * 1024 * 1024),
    allowed: 'between 1024 and 1073741824',
    description: 'The largest request body that is read, in bytes.',
    parse: wholeNumber(1024, 1024 ** 3),
  },
  socketBufferBytes: {
    name: 'SHEAF_SOCKET_BUFFER_BYTES',
    default: String(1024 * 1024),
    allowed: 'between 524288 and 1073741824',
    description:
      'The most that is buffered for one subscriber that reads slowly, in bytes; what it has yet to read is read from the database when it does.',
    parse: wholeNumber(512 * 1024, 1024 ** 3),
  },
  maxSockets: {
    name: 'SHEAF_MAX_SOCKETS',
    default: '10000',
    allowed: 'between 1 and 1000000',
    description:
      'How many WebSockets and event streams may be open; one more is refused with 503. Each takes a file descriptor (`ulimit -n`).',
    parse: wholeNumber(1, 1_000_000),
  },
  maxQueued: {
    name: 'SHEAF_MAX_QUEUED',
    default: '10000000',
    allowed: `between 1 and ${mostQueued}`,
    description: 'How many tasks may wait in all; what would be more is refused with 503.',
    parse: wholeNumber(1, mostQueued),
  },
  maxQueuedPerToken: {
    name: 'SHEAF_MAX_QUEUED_PER_TOKEN',
    default: undefined,
    allowed: `between 1 and ${mostQueued}`,
    description:
      'How many tasks may wait that were submitted with one token; what would be more is refused with 429. By default any number.',
    parse: wholeNumber(1, mostQueued),
  },
  keepMs: {
    name: 'SHEAF_KEEP_MS',
    default: '604800000',
    allowed: `between 0 and ${limits.longestMs}, or forever`,
    description:
      'How long a job without a `keepMs` of its own is kept after its end, with its tasks and what they saved: a week, or `forever`.',
    parse: (text) => (text === 'forever' ? Number.POSITIVE_INFINITY : wholeNumber(0, limits.longestMs)(text)),
  },
  idempotencyMs: {
    name: 'SHEAF_IDEMPOTENCY_MS',
    default: '86400000',
    allowed: `between 1000 and ${limits.longestMs}`,
    description: 'How long an `Idempotency-Key` stands for the request that used it first: a day.',
    parse: wholeNumber(1_000, limits.longestMs),
  },
}
