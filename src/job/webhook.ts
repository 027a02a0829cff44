import { type Static, Type } from '@sinclair/typebox'
import { worded } from './explain/words.ts'
import { strict } from './fields.ts'
import { limits } from './limits.ts'
import { endedJobStates, type JobState, jobStates } from './state.ts'

/** What a webhook can tell of: that its job has come into a state, and that tasks of it have failed for good. */
export type WebhookEvent = `job.${JobState}` | 'tasks.failed'

const eventOf = <State extends JobState>(state: State): `job.${State}` => `job.${state}`

export const webhookEvents: readonly WebhookEvent[] = [...jobStates.map(eventOf), 'tasks.failed']
export const defaultEvents: readonly WebhookEvent[] = endedJobStates.map(eventOf)

const Event = Type.Unsafe<WebhookEvent>(Type.Union(webhookEvents.map((event) => Type.Literal(event))))

/** Who is to be told of a job. */
export const WebhookSpec = Type.Object(
  {
    url: worded(
      'an absolute http or https URL',
      Type.String({
        minLength: 1,
        maxLength: limits.urlLength,
        description: 'Where each message is posted to, signed by the Standard Webhooks specification.',
      }),
    ),
    events: Type.Optional(
      Type.Array(Event, {
        minItems: 1,
        maxItems: webhookEvents.length,
        description: `What to tell of. Default: how the job ends (${defaultEvents.join(', ')}).`,
      }),
    ),
    secret: Type.Optional(
      worded(
        'the name of a secret: letters, digits and "_"',
        Type.String({
          pattern: '^[A-Za-z_]\\w{0,199}$',
          description:
            'The NAME of the `SHEAF_SECRET_NAME` to sign with. Default: the secrets of SHEAF_WEBHOOK_SECRETS.',
        }),
      ),
    ),
  },
  { ...strict, description: 'Who is told of the job, and of what.' },
)

export type WebhookSpec = Static<typeof WebhookSpec>

/** A webhook as a job keeps it. */
export interface Webhook {
  /** The id of the endpoint, which follows from its URL. */
  endpoint: string
  url: string
  /** The queue of what is delivered there. */
  queue: string
  events: readonly WebhookEvent[]
  /** The name of the secret to sign with, if it is not the server's. */
  secret?: string | undefined
  /** How long deliveries are kept after their end, in milliseconds. Default: for good. */
  keepMs?: number | undefined
}
