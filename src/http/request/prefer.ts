/** In seconds. Proxies in between give up on a connection that is silent for longer. */
export const longestWait = 60

/** The seconds of `Prefer: wait=N` (RFC 7240), at most {@link longestWait}. What cannot be read is ignored, as the RFC asks. */
export const preferredWait = (headers: Headers): number | undefined => {
  const wait = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:$|[,;])/i.exec(headers.get('prefer') ?? '')?.[1]
  return wait === undefined ? undefined : Math.min(Number(wait), longestWait)
}
