/** The key of an HMAC, of which a receiver has the same. */
export type SigningKey = Uint8Array

const prefix = 'whsec_'
const leastBytes = 24
const mostBytes = 64

/** What secrets are to be, in the words of a message. */
export const allowedSecrets = `secrets whsec_…, the newest first, with ${leastBytes} to ${mostBytes} bytes in base64 each, separated by commas`

/** The keys of secrets as they are written in a setting; undefined where one of them cannot be used. */
export const readSecrets = (text: string): readonly SigningKey[] | undefined => {
  const keys = text.split(',').map(readSecret)
  return keys.some((key) => typeof key === 'string')
    ? undefined
    : keys.filter((key) => typeof key !== 'string')
}

/** What is wrong with them, without a word of them. */
export const flawOfSecrets = (text: string): string => {
  const parts = text.split(',')
  const at = parts.findIndex((part) => typeof readSecret(part) === 'string')
  return `${readSecret(parts[at] ?? '')} as number ${at + 1} of ${parts.length}`
}

/** Only base64 that is written in the one way there is: what receivers decode must be the same bytes. */
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The key, or what is wrong with the secret. */
const readSecret = (text: string): SigningKey | string => {
  const secret = text.trim()
  if (!secret.startsWith(prefix)) return `one without ${prefix}`
  const encoded = secret.slice(prefix.length)
  if (!base64.test(encoded)) return 'one that is not base64'
  const key = Buffer.from(encoded, 'base64')
  return key.length < leastBytes || key.length > mostBytes ? `one of ${key.length} bytes` : key
}
