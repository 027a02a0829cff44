import { type Static, Type } from '@sinclair/typebox'
import { strict } from '../../job/fields.ts'
import { WebhookSpec } from '../../job/webhook.ts'

const { url, secret } = WebhookSpec.properties

export const WebhookInput = Type.Object(
  { url, secret, payload: Type.Unknown() },
  { ...strict, description: 'Posts a signed message. Only Sheaf itself makes such tasks.' },
)

export type WebhookInput = Static<typeof WebhookInput>
