/** In seconds. Proxies in between give up on a connection that is silent for longer. */
export const longestWait = 60

/** The elements of the list: a comma may stand within a quoted string. */
const preference = /(?:[^",]|"(?:[^"\\]|\\.)*")+/g

/** The seconds of `Prefer: wait=N` (RFC 7240), at most {@link longestWait}. What cannot be read is ignored, as the RFC asks. */
export const preferredWait = (headers: Headers): number | undefined => {
  const given = headers.get('prefer')?.match(preference) ?? []
  // Of a preference that is said more than once, the first counts.
  const first = given.find((text) => /^\s*wait\s*(?:[=;]|$)/i.test(text)) ?? ''
  const seconds = /^\s*wait\s*=\s*(?:(\d{1,9})|"(\d{1,9})")\s*(?:;|$)/i.exec(first)
  return seconds ? Math.min(Number(seconds[1] ?? seconds[2]), longestWait) : undefined
}
