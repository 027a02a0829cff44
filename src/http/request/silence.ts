/** How long Bun lets a connection be silent, in seconds, unless a request asks for more. */
export const idleSeconds = 30

/** Lets one request wait for its answer longer than that. Without it, Bun would cut the connection. */
export const allowSilence = (
  server: { timeout(request: Request, seconds: number): void } | null,
  request: Request,
  seconds: number,
): void => server?.timeout(request, seconds + idleSeconds)

/** Lets the answer to one request be silent for as long as it likes. */
export const allowSilenceForEver = (
  server: { timeout(request: Request, seconds: number): void } | null,
  request: Request,
): void => server?.timeout(request, 0)
