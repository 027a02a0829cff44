import { createHmac } from 'node:crypto'
import type { SigningKey } from './secret.ts'

export interface Message {
  id: string
  /** When it is sent, in whole seconds since the epoch. */
  timestamp: number
  body: string
}

/**
 * The headers that say who sent a message, and when, by the Standard Webhooks specification: a signature with each key, so that
 * a receiver which has any of them knows it.
 */
export const signedHeaders = ({ id, timestamp, body }: Message, keys: readonly SigningKey[]) => {
  const signed = `${id}.${timestamp}.${body}`
  const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  }
}
