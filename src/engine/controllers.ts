/**
 * Abort controllers that nobody listens to any more, and that were never aborted. To make one for each attempt, have `fetch` listen to
 * it, and abort it at the end took 1.2 of the 16 µs of an attempt of kind `http`.
 */
const idle: AbortController[] = []

/** As many as attempts run at once, by default. */
const mostIdle = 256

export const takeController = (): AbortController => idle.pop() ?? new AbortController()

/** Only for one that was not aborted, and whose signal nothing holds that could be misled by an abort meant for others. */
export const giveBackController = (controller: AbortController): void => {
  if (idle.length < mostIdle) idle.push(controller)
}
