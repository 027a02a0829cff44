import { type Clock, systemClock } from '../clock.ts'
import { type FieldError, unexpected } from '../job/explain.ts'
import { createEgress, type Egress } from './egress/egress.ts'
import { EgressRefused } from './egress/refused.ts'
import { urlErrors } from './http/check.ts'
import { networkFailure } from './http/failure.ts'
import { newsOf } from './http/news.ts'
import { hostOf } from './http/origin.ts'
import type { Kind, RunContext, RunResult } from './kind.ts'
import { aborted, failed, failedForGood } from './results.ts'
import { WebhookInput } from './webhook/input.ts'
import { verdictOn } from './webhook/response.ts'
import { allowedSecrets, readSecrets, type SigningKey } from './webhook/secret.ts'
import { signedHeaders } from './webhook/sign.ts'

export interface WebhookOptions {
  /** The guard that every request goes through. Default: one that lets nothing but public addresses be reached. */
  egress?: Egress
  clock?: Pick<Clock, 'now'>
  /** What messages are signed with whose job names no secret, the newest first. Default: nothing; then such a webhook is refused. */
  keys?: readonly SigningKey[]
  /** The secrets that a job may name. Default none. */
  secrets?: ReadonlyMap<string, string>
}

/** The specification recommends 15 to 30 s. */
const timeoutMs = 20_000

/** The schedule that the specification recommends, over more than three days. */
const delaysMs = [
  5_000,
  300_000,
  1_800_000,
  ...[2, 5, 10, 14, 20, 24].map((hours) => hours * 3_600_000),
] as const

/** How many messages are on their way to a host at once: it may hang, and others are to be told as well. */
const concurrency = 10

type Keys = (secret: string | undefined) => readonly SigningKey[]

/** Delivers what webhooks are told of: each message is a task, so it is claimed, retried and kept like any other. */
export const createWebhook = ({
  egress = createEgress(),
  clock = systemClock,
  keys = [],
  secrets = new Map(),
}: WebhookOptions = {}): Kind<'webhook', typeof WebhookInput> => {
  const keysOf: Keys = (secret) =>
    secret === undefined ? keys : (readSecrets(secrets.get(secret) ?? '') ?? [])
  return {
    name: 'webhook',
    input: WebhookInput,
    timeoutMs: () => timeoutMs,
    retry: { attempts: delaysMs.length + 1, delaysMs },
    queue: ({ url }) => `webhook:${hostOf(url)}`,
    queues: { 'webhook:*': { concurrency } },
    check: ({ url, secret }, at) => [...urlErrors({ url }, at, egress), ...secretErrors(secret, at, keysOf)],
    run: (input, context) => post(input, context, { egress, clock, keys: keysOf(input.secret) }),
  }
}

const secretErrors = (secret: string | undefined, at: string, keysOf: Keys): FieldError[] => {
  if (keysOf(secret).length > 0) return []
  if (secret === undefined) {
    const message = `Expected "${at}" only where there is something to sign with: set SHEAF_WEBHOOK_SECRETS, or name a "secret".`
    return [{ field: at, message }]
  }
  const field = `${at}.secret`
  return [
    unexpected(field, `to name a SHEAF_SECRET_${secret} of this server that holds ${allowedSecrets}`, secret),
  ]
}

interface Tools {
  egress: Egress
  clock: Pick<Clock, 'now'>
  keys: readonly SigningKey[]
}

const post = async (
  { url, payload }: WebhookInput,
  context: RunContext,
  { egress, clock, keys }: Tools,
): Promise<RunResult> => {
  if (keys.length === 0) return unsigned
  const { key: id = context.idempotencyKey, signal } = context
  const body = JSON.stringify(payload)
  const timestamp = Math.floor(clock.now() / 1000)
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'Sheaf',
    ...signedHeaders({ id, timestamp, body }, keys),
  }
  try {
    const response = await egress.fetch(url, { method: 'POST', headers, body, signal, timeout: false })
    for (const news of newsOf(response, {}, clock)) context.upstream(news)
    return await verdictOn(response, context.waitedMs, clock.now())
  } catch (error) {
    if (signal.aborted) return aborted
    if (error instanceof EgressRefused) return failedForGood(error.code, error.message, { ...error.details })
    const failure = networkFailure(error, hostOf(url))
    if (failure === undefined) throw error
    // Whatever it is, it may be mended in the days to come: a certificate is renewed.
    return failure.type === 'failed' ? { ...failure, retryable: true } : failure
  }
}

const unsigned: RunResult = failed(
  'webhook_unsigned',
  'This server has no secret to sign the message with, so nothing was sent.',
)
