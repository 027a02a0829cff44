import { createHash } from 'node:crypto'
import type { FieldError } from '../../job/explain.ts'
import { defaultEvents, type Webhook, type WebhookSpec } from '../../job/webhook.ts'
import type { Kind } from '../kind.ts'

/** What a job keeps of its webhook; what is wrong with it is added to `errors`. */
export const webhookOf = (
  { url, events = [...defaultEvents], secret }: WebhookSpec,
  kind: Kind,
  errors: FieldError[],
): Webhook | undefined => {
  const input = { url, ...(secret !== undefined && { secret }), payload: null }
  const found = kind.check?.(input, 'webhook') ?? []
  errors.push(...found)
  if (found.length > 0) return undefined
  return {
    endpoint: `ep_${createHash('sha256').update(url).digest('hex').slice(0, 32)}`,
    url,
    queue: kind.queue(input),
    events,
    ...(secret !== undefined && { secret }),
  }
}
