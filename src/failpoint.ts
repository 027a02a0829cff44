/**
 * Where a test can have the process die: along the way of a commit, from the batch that the engine takes to the attempts
 * that it starts, and on the ways in and out of it. In the order in which a commit passes them.
 */
export const failpoints = [
  /** The engine has taken a batch; nothing of it is written. */
  'before-commit',
  /** A transaction has begun. The one of the rescue at the start of a server passes here, too. */
  'transaction-begun',
  /** Submissions and actions are written, and not yet committed. */
  'submissions-written',
  /** So are the ends of attempts, with what follows from them. */
  'settlements-written',
  /** So are the claims: all that is left is the commit itself. */
  'claims-written',
  /** It is on disk; the store has not said so. */
  'transaction-committed',
  /** The engine knows; nobody who asked for something has an answer. */
  'before-answers',
  /** They have; no follower knows. */
  'before-events',
  /** The followers know; nothing that was claimed has started. */
  'before-starts',
  /** An attempt is about to start. */
  'attempt-starting',
  /** An attempt has ended; its end waits for a commit. */
  'attempt-ended',
  /** A rescue is half done. */
  'rescue-half-done',
] as const

export type Failpoint = (typeof failpoints)[number]

/** Not a setting: nobody but a test wants its server to die. */
export const failpointVariable = 'SHEAF_FAILPOINT'

export const allowedFailpoints = `to be name or name:n, with n from 1 and a name of ${failpoints.join(', ')}`

let armed: Failpoint | undefined
let left = 0

/** Has the process kill itself with SIGKILL when it passes a point for the n-th time, by `name` or `name:n`. Returns false when the text is neither. */
export const arm = (text: string): boolean => {
  const [, name, times = '1'] = /^([a-z-]+)(?::([1-9]\d{0,8}))?$/.exec(text) ?? []
  const found = failpoints.find((failpoint) => failpoint === name)
  if (found === undefined) return false
  armed = found
  left = Number(times)
  return true
}

/** Does nothing unless a test has armed this point; that takes less than a nanosecond. */
export const failpoint = (name: Failpoint): void => {
  if (name === armed) pass()
}

const pass = (): void => {
  left -= 1
  // The signal is delivered before the call returns: nothing more is run, written or sent.
  if (left === 0) process.kill(process.pid, 'SIGKILL')
}
