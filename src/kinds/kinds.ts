import { type Clock, systemClock } from '../clock.ts'
import { createCall } from './call.ts'
import { createEgress, type Egress } from './egress/egress.ts'
import type { SmtpSettings } from './email/smtp.ts'
import { createEmail } from './email.ts'
import type { Handler } from './handler.ts'
import type { Artifacts } from './http/artifacts.ts'
import { createHttp } from './http.ts'
import type { Kind } from './kind.ts'
import { sleep } from './sleep.ts'
import type { TaskSpec } from './spec.ts'
import type { Source } from './sql/source.ts'
import { createSql } from './sql.ts'
import type { SigningKey } from './webhook/secret.ts'
import { createWebhook } from './webhook.ts'

/** Every kind of task that this server can run, by name: those that clients may submit, and deliveries of webhooks. */
export type Kinds = Readonly<Record<TaskSpec['kind'] | 'webhook', Kind>>

export interface KindsOptions {
  /** What `call` tasks can run. Default none. */
  handlers?: readonly Handler[]
  /** What `sql` tasks can ask. Default none. */
  sources?: readonly Source[]
  /** Where `email` tasks send their mail. Default: nowhere; they are refused. */
  smtp?: SmtpSettings | undefined
  /** What every outgoing request goes through. Default: a guard that allows public addresses alone. */
  egress?: Egress
  /** Where `http` tasks save bodies. Default: nowhere. */
  artifacts?: Artifacts
  /** What webhooks are signed with whose job names no secret. Default: nothing; then such a webhook is refused. */
  webhookSecrets?: readonly SigningKey[]
  /** The secrets that a webhook may name. Default none. */
  secrets?: ReadonlyMap<string, string>
  /** Default: that of the machine. */
  clock?: Clock
}

/** Throws if two handlers have the same name, or a schema of one cannot be compiled. */
export const createKinds = ({
  handlers = [],
  sources = [],
  smtp,
  egress = createEgress(),
  artifacts,
  webhookSecrets = [],
  secrets = new Map(),
  clock = systemClock,
}: KindsOptions = {}): Kinds => ({
  http: createHttp({ egress, artifacts, clock }),
  sleep,
  call: createCall(handlers),
  sql: createSql(sources),
  email: createEmail(smtp, { artifacts }),
  webhook: createWebhook({ egress, clock, keys: webhookSecrets, secrets }),
})
