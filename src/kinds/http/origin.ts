/** Where a URL leads, or why no request may be sent there. */
export type Origin = { host: string } | { flaw: 'no http URL' | 'credentials' }

/**
 * Everything before the path: what follows it cannot make a URL invalid, nor change where it leads. White space can,
 * because the parser drops some of it, depending on where it stands; then the whole URL is parsed.
 */
const beforePath = /^https?:\/\/[^/?#\\\s\p{Cc}]+(?=[/?#\\]|$)/iu

/** Tasks by the hundred thousand share a few origins, and parsing a URL is the dearest part of accepting a task. */
const known = new Map<string, Origin>()
const mostKnown = 1_000

/** That of the URL before: of tasks that follow each other it is mostly the same, and this takes less than to look for its end. */
let latest = { start: '', origin: undefined as Origin | undefined }

/** `host` is in lower case, with its port unless that is the default of the scheme. */
export const originOf = (url: string): Origin => {
  if (latest.origin && url.startsWith(latest.start) && url[latest.start.length] === '/') return latest.origin
  const start = beforePath.exec(url)?.[0]
  if (start === undefined) return parse(url)
  let origin = known.get(start)
  if (!origin) {
    origin = parse(start)
    if (known.size === mostKnown) known.clear()
    known.set(start, origin)
  }
  latest = { start, origin }
  return origin
}

/** Empty where no request may be sent. */
export const hostOf = (url: string): string => {
  const origin = originOf(url)
  return 'host' in origin ? origin.host : ''
}

const parse = (text: string): Origin => {
  const url = URL.parse(text)
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return { flaw: 'no http URL' }
  return url.username === '' && url.password === '' ? { host: url.host } : { flaw: 'credentials' }
}
