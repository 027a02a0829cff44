import { readBody } from '../http/body.ts'
import { waitOf } from '../http/wait.ts'
import type { RunResult } from '../kind.ts'
import { failed, failedForGood, succeeded } from '../results.ts'

/** Nobody reads the body; so much of it is, so that the connection can be used again. */
const mostBytes = 65_536
/** For how long a receiver may put a message off, in all, before that counts as a failure. */
const longestWaitMs = 86_400_000

/** What becomes of a delivery by its response: anything but a 2xx is to be tried again, unless the endpoint is gone. */
export const verdictOn = async (response: Response, waitedMs: number, now: number): Promise<RunResult> => {
  const { status } = response
  // The status has said all there is to know, even if the rest is lost.
  await readBody(response, mostBytes).catch(() => undefined)
  if (status >= 200 && status < 300) return succeeded(`{"status":${status}}`)
  if (status === 410)
    return failedForGood('webhook_gone', 'The endpoint answered 410 Gone, and is disabled.', { status })
  const wait = waitOf(response, {}, now)
  if (wait && waitedMs + wait.ms <= longestWaitMs) return { type: 'snoozed', delayMs: wait.ms }
  return failed('unexpected_status', `Expected status 2xx, got ${status}.`, { status })
}
