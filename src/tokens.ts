import { createHash, timingSafeEqual } from 'node:crypto'

/** What a token may do; each scope may also do what those before it may. */
export const scopes = ['read', 'submit', 'admin'] as const
export type Scope = (typeof scopes)[number]

/** A token as it is kept: only by the SHA-256 of its secret. */
export interface Token {
  /** The first 16 hexadecimal digits of the hash: the same after a restart, and tells nothing of the secret. */
  id: string
  scope: Scope
  hash: Uint8Array
}

const shortestSecret = 16

/** `read:secret,read+submit:secret`; undefined when {@link flawOf} finds something. */
export const readTokens = (text: string): Token[] | undefined => {
  const tokens: Token[] = []
  for (const entry of entriesOf(text)) {
    const token = readToken(entry)
    if (typeof token === 'string') return undefined
    tokens.push(token)
  }
  return tokens
}

/** What is wrong with the first bad entry, without a word of what it says. */
export const flawOf = (text: string): string => {
  const flaws = entriesOf(text).map((entry, index) => [readToken(entry), index + 1] as const)
  const [flaw, number] = flaws.find(([token]) => typeof token === 'string') ?? []
  return `${flaw} in entry ${number} of ${flaws.length}`
}

/** The token of this secret, the one with the widest scope. Compares with every token, each in constant time. */
export const tokenOf = (secret: string, tokens: readonly Token[]): Token | undefined => {
  const hash = sha256(secret)
  const opened = tokens.filter((token) => timingSafeEqual(token.hash, hash))
  return opened.reduce<Token | undefined>(
    (widest, token) => (widest && covers(widest.scope, token.scope) ? widest : token),
    undefined,
  )
}

export const covers = (held: Scope, needed: Scope): boolean => scopes.indexOf(held) >= scopes.indexOf(needed)

const entriesOf = (text: string) => text.split(',').map((entry) => entry.trim())

/** The token, or what is wrong with it. */
const readToken = (entry: string): Token | string => {
  const colon = entry.indexOf(':')
  if (colon < 0) return 'no ":"'
  const named = entry.slice(0, colon).split('+')
  const secret = entry.slice(colon + 1)
  const scope = scopes.findLast((known) => named.includes(known))
  if (scope === undefined || named.some((name) => !isScope(name))) return 'an unknown scope'
  if (!/^[\x21-\x7e]*$/.test(secret)) return 'a secret with other than visible ASCII characters'
  if (secret.length < shortestSecret) return `a secret of ${secret.length} characters`
  const hash = sha256(secret)
  return { id: hash.toString('hex').slice(0, 16), scope, hash }
}

const isScope = (name: string): boolean => scopes.some((scope) => scope === name)

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
