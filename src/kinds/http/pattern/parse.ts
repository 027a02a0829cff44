/** A regular expression, as far as it can be matched in linear time. */
export type Node =
  /** One character that fits the expression, which has no quantifiers. */
  | { type: 'character'; fits: RegExp }
  | { type: 'sequence' | 'choice'; parts: readonly Node[] }
  | { type: 'repeat'; part: Node; least: number; most: number }
  | { type: 'start' | 'end' }

/** What is wrong with a pattern, to follow the words "a regular expression". */
export class PatternFlaw extends Error {
  override readonly name = 'PatternFlaw'
}

/**
 * The tokens, the longest first. What stands for one character is left to `RegExp`, which cannot backtrack over one; that
 * also knows what is allowed in a class.
 */
const token =
  /(?<open>\((?:\?:)?)|(?<close>\))|(?<or>\|)|(?<quantifier>(?:[*+?]|\{(?<least>\d+)(?<upTo>,(?<most>\d*))?\})\??)|(?<assertion>[\^$])|(?<character>\[(?:\\[\s\S]|[^\]\\])*\]|\\(?:x[\da-f]{2}|u[\da-f]{4}|u\{[\da-f]+\}|p\{[^}]*\}|c[a-z]|[^1-9bkBxupc])|[^\\])/giuy

/** Throws {@link PatternFlaw}. Patterns are read as `RegExp` reads them with the flag `u`; groups capture nothing. */
export const parsePattern = (pattern: string): Node => {
  refuseInvalid(pattern)
  const tokens = tokensOf(pattern)
  let at = 0

  const choice = (): Node => {
    const parts = [sequence()]
    while (tokens[at]?.or !== undefined) {
      at += 1
      parts.push(sequence())
    }
    return parts.length === 1 && parts[0] ? parts[0] : { type: 'choice', parts }
  }
  const sequence = (): Node => {
    const parts: Node[] = []
    for (
      let next = tokens[at];
      next && next.or === undefined && next.close === undefined;
      next = tokens[at]
    ) {
      at += 1
      parts.push(repeated(partOf(next)))
    }
    return { type: 'sequence', parts }
  }
  const partOf = ({ open, assertion, character = '' }: Token): Node => {
    if (assertion !== undefined) return { type: assertion === '^' ? 'start' : 'end' }
    if (open === undefined) return { type: 'character', fits: new RegExp(`^${character}$`, 'u') }
    const inner = choice()
    at += 1
    return inner
  }
  const repeated = (part: Node): Node => {
    const { quantifier, ...bounds } = tokens[at] ?? {}
    if (quantifier === undefined) return part
    at += 1
    return { type: 'repeat', part, ...boundsOf(quantifier, bounds) }
  }
  return choice()
}

type Token = Partial<Record<string, string>>

const tokensOf = (pattern: string): Token[] => {
  const tokens: Token[] = []
  for (token.lastIndex = 0; token.lastIndex < pattern.length; ) {
    const from = token.lastIndex
    const found = token.exec(pattern)
    if (!found || (pattern.startsWith('(?', from) && found.groups?.open !== '(?:')) {
      throw new PatternFlaw('without back-references, named groups, flags, \\b, and looking ahead or behind')
    }
    tokens.push(found.groups ?? {})
  }
  return tokens
}

const boundsOf = (quantifier: string, { least, upTo, most }: Token) => {
  switch (quantifier[0]) {
    case '*':
      return { least: 0, most: Number.POSITIVE_INFINITY }
    case '+':
      return { least: 1, most: Number.POSITIVE_INFINITY }
    case '?':
      return { least: 0, most: 1 }
    default:
      return {
        least: Number(least),
        most: upTo === undefined ? Number(least) : most ? Number(most) : Number.POSITIVE_INFINITY,
      }
  }
}

const refuseInvalid = (pattern: string): void => {
  try {
    new RegExp(pattern, 'u')
  } catch {
    throw new PatternFlaw('that is valid (with the flag u)')
  }
}
