/** What stands where a secret was. */
const mask = '***'

/** A beginning of a secret that is shorter than this says nothing of it, and ends too many texts by chance. */
const shortestBeginning = 4

/**
 * JSON text in which no string and no number holds any of these secrets: as it is, as part of JSON, or percent-encoded.
 * A string that ends with the beginning of one loses that, too: it was cut off there. Everything else stays as it was
 * written, so the result is valid JSON if the text is.
 */
export const redact = (text: string, secrets: readonly string[]): string => {
  const forms = [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length)
  if (forms.length === 0) return text
  // Most texts hold none of them, nor a backslash with which another spelling would begin.
  if (!text.includes('\\') && !forms.some((form) => text.includes(form.slice(0, shortestBeginning))))
    return text
  const secret = new RegExp(forms.map(RegExp.escape).join('|'), 'g')
  return mapTokens(text, (value) => withoutBeginnings(value.replace(secret, mask), forms))
}

/** How a secret may come back out of what it was put into. */
const formsOf = (secret: string): string[] => {
  if (secret === '') return []
  const wellFormed = secret.toWellFormed()
  const json = JSON.stringify(secret).slice(1, -1)
  const encoded = [
    encodeURIComponent(wellFormed),
    encodeURI(wellFormed),
    new URLSearchParams([['', secret]]).toString().slice(1),
  ]
  return [secret, json, JSON.stringify(json).slice(1, -1), ...encoded, ...encoded.map(lowerHex)]
}

const lowerHex = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())

/**
 * JSON text with each string and each number replaced by what `map` makes of it. Looks for the strings by hand: a regular
 * expression gives up on one of some megabytes, and does not say so.
 */
const mapTokens = (text: string, map: (value: string) => string): string => {
  let mapped = ''
  let at = 0
  for (let quote = text.indexOf('"'); quote !== -1; quote = text.indexOf('"', at)) {
    const end = endOfString(text, quote)
    mapped += mapNumbers(text.slice(at, quote), map) + mapString(text.slice(quote, end), map)
    at = end
  }
  return mapped + mapNumbers(text.slice(at), map)
}

/** Behind the quote that closes the string. */
const endOfString = (text: string, quote: number): number => {
  for (let end = text.indexOf('"', quote + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslash = end
    while (text[backslash - 1] === '\\') backslash -= 1
    if ((end - backslash) % 2 === 0) return end + 1
  }
  return text.length
}

const mapString = (token: string, map: (value: string) => string): string => {
  const value = String(JSON.parse(token))
  const mapped = map(value)
  return mapped === value ? token : JSON.stringify(mapped)
}

const mapNumbers = (structure: string, map: (value: string) => string): string =>
  structure.replace(/-?\d[\d.eE+-]*/g, (token) => {
    const mapped = map(token)
    return mapped === token ? token : JSON.stringify(mapped)
  })

/** The text without beginnings of secrets at its end, and before each `…` with which a message is cut off. */
const withoutBeginnings = (text: string, forms: readonly string[]): string =>
  text
    .split('…')
    .map((part) => withoutBeginning(part, forms))
    .join('…')

const withoutBeginning = (text: string, forms: readonly string[]): string => {
  for (const form of forms) {
    if (form.length <= shortestBeginning) continue
    const start = form.slice(0, shortestBeginning)
    const from = Math.max(0, text.length - form.length + 1)
    for (let at = text.indexOf(start, from); at !== -1; at = text.indexOf(start, at + 1)) {
      if (form.startsWith(text.slice(at))) return text.slice(0, at) + mask
    }
  }
  return text
}
