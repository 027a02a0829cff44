/**
 * Whether a text is JSON (RFC 8259), as `JSON.parse` would say, without making the value, which nobody asked for where a body is
 * passed on as it came: that took 1.2 of the 15 µs of an attempt. Whatever the reader below does not take for JSON, or what is nested
 * deeper than it follows, `JSON.parse` decides.
 */
export const isJson = (text: string): boolean => isPlain(text) || parses(text)

const parses = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

// Each of the functions below takes the index at which something begins, and gives that of what follows it; `none` if it is something
// else. There is no character at `none`, so what goes on from there ends there as well.
const none = -1
const deepest = 100

const isPlain = (text: string): boolean =>
  afterSpace(text, afterValue(text, afterSpace(text, 0), 0)) === text.length

const [quote, backslash, comma, colon, minus, plus, dot] = [0x22, 0x5c, 0x2c, 0x3a, 0x2d, 0x2b, 0x2e]
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]
const [tab, lineFeed, carriageReturn, space] = [0x09, 0x0a, 0x0d, 0x20]
const [zero, nine, letterE, letterF, letterN, letterT] = [0x30, 0x39, 0x65, 0x66, 0x6e, 0x74]

const afterSpace = (text: string, from: number): number => {
  for (let at = from; ; at += 1) {
    const code = text.charCodeAt(at)
    if (code !== space && code !== lineFeed && code !== carriageReturn && code !== tab) return at
  }
}

const afterValue = (text: string, from: number, depth: number): number => {
  switch (text.charCodeAt(from)) {
    case quote:
      return afterString(text, from + 1)
    case openBrace:
      return afterList(text, from + 1, closeBrace, depth)
    case openBracket:
      return afterList(text, from + 1, closeBracket, depth)
    case letterT:
      return afterWord(text, from, 'true')
    case letterF:
      return afterWord(text, from, 'false')
    case letterN:
      return afterWord(text, from, 'null')
    default:
      return afterNumber(text, from)
  }
}

/** The members of an object, or the elements of an array, with what closes it. */
const afterList = (text: string, from: number, closer: number, depth: number): number => {
  if (depth === deepest) return none
  let at = afterSpace(text, from)
  if (text.charCodeAt(at) === closer) return at + 1
  while (true) {
    const value = closer === closeBrace ? afterName(text, at) : at
    at = afterSpace(text, afterValue(text, value, depth + 1))
    const code = text.charCodeAt(at)
    if (code === closer) return at + 1
    if (code !== comma) return none
    at = afterSpace(text, at + 1)
  }
}

/** The name of a member, with its colon. */
const afterName = (text: string, from: number): number => {
  if (text.charCodeAt(from) !== quote) return none
  const at = afterSpace(text, afterString(text, from + 1))
  return text.charCodeAt(at) === colon ? afterSpace(text, at + 1) : none
}

/** The rest of a string whose quotation mark was read. */
const afterString = (text: string, from: number): number => {
  let at = from
  while (true) {
    const code = text.charCodeAt(at)
    if (code === quote) return at + 1
    if (code === backslash) at = afterEscape(text, at + 1)
    else if (code >= space) at += 1
    else return none
  }
}

const escapes = new Set('"\\/bfnrt')
const fourDigits = /^[\da-f]{4}$/i

const afterEscape = (text: string, from: number): number => {
  if (escapes.has(text.charAt(from))) return from + 1
  return text.charAt(from) === 'u' && fourDigits.test(text.slice(from + 1, from + 5)) ? from + 5 : none
}

const afterWord = (text: string, from: number, word: string): number =>
  text.startsWith(word, from) ? from + word.length : none

const afterNumber = (text: string, from: number): number => {
  const whole = text.charCodeAt(from) === minus ? from + 1 : from
  let at = text.charCodeAt(whole) === zero ? whole + 1 : afterDigits(text, whole)
  if (text.charCodeAt(at) === dot) at = afterDigits(text, at + 1)
  // Upper case differs from lower case by one bit, which `|` sets.
  if ((text.charCodeAt(at) | space) !== letterE) return at
  const sign = text.charCodeAt(at + 1)
  return afterDigits(text, sign === plus || sign === minus ? at + 2 : at + 1)
}

/** One digit or more. */
const afterDigits = (text: string, from: number): number => {
  let at = from
  for (let code = text.charCodeAt(at); code >= zero && code <= nine; code = text.charCodeAt(at)) at += 1
  return at === from ? none : at
}
