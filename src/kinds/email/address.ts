/** Who a message is from or for. */
export interface Mailbox {
  /** Empty when there is none. */
  name: string
  /** `local@domain`, of letters of any script. */
  address: string
}

/**
 * Reads `ada@example.com`, `Ada Lovelace <ada@example.com>` or `"Lovelace, Ada" <ada@example.com>`; undefined for anything
 * else, a list included: what separates recipients never stands within one (RFC 5322, section 3.4, without its comments,
 * groups, quoted local parts and domain literals).
 */
export const readMailbox = (text: string): Mailbox | undefined => {
  const whole = text.trim()
  const open = whole.endsWith('>') ? whole.lastIndexOf('<') : 0
  const name = open < 0 ? undefined : readName(whole.slice(0, open).trim())
  const address = whole.endsWith('>') ? whole.slice(open + 1, -1).trim() : whole
  return name !== undefined && isAddress(address) ? { name, address } : undefined
}

/** A name in quotes, or one that needs none. */
const readName = (text: string): string | undefined => {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/u.exec(text)?.[1]
  if (quoted !== undefined) return quoted.replace(/\\(.)/gu, '$1').trim()
  return /^[^"<>@,;:\\]*$/.test(text) ? text : undefined
}

const isAddress = (text: string): boolean => {
  const at = text.lastIndexOf('@')
  return isLocalPart(text.slice(0, Math.max(at, 0))) && isDomain(text.slice(at + 1))
}

/** The bounds are those of RFC 5321, section 4.5.3.1, in bytes of UTF-8 (RFC 6531). */
const isLocalPart = (text: string): boolean =>
  Buffer.byteLength(text) <= 64 &&
  text.split('.').every((atom) => /^[\w!#$%&'*+/=?^`{|}~\p{L}\p{M}\p{N}-]+$/u.test(atom))

const isDomain = (text: string): boolean =>
  Buffer.byteLength(text) <= 253 &&
  text.split('.').every((label) => /^(?!-)[\p{L}\p{M}\p{N}-]{1,63}(?<!-)$/u.test(label))
