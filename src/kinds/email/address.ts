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
  const [, quoted, plain = '', inside] = named.exec(text) ?? []
  const address = (inside ?? text).trim()
  const name = quoted === undefined ? plain : quoted.replace(/\\(.)/gu, '$1')
  return isAddress(address) ? { name: name.trim(), address } : undefined
}

/** A name in quotes or one that needs none, and an address in angle brackets. */
const named = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^"<>@,;:\\]*))\s*<([^<>]*)>\s*$/u

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
