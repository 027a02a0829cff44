/** What the work gives, or a rejection with the signal's reason as soon as that is aborted; the work itself goes on. */
export const orAbort = <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    const forget = () => signal.removeEventListener('abort', abort)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(forget)
  })
}

/** A signal that is aborted when one of these is. */
export const either = (signal: AbortSignal | undefined, other: AbortSignal): AbortSignal =>
  signal ? AbortSignal.any([signal, other]) : other

/** Settles only when the signal is aborted: rejects with its reason. */
export const never = (signal: AbortSignal): Promise<never> => orAbort(new Promise<never>(() => {}), signal)
