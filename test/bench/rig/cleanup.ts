/** What must not outlive the bench: processes, folders. */
const cleanups = new Set<() => Promise<unknown>>()
let ending = false

/** Registers what is to be undone however the bench ends; returns what does it now, once. */
export const onExit = (undo: () => Promise<unknown>): (() => Promise<void>) => {
  cleanups.add(undo)
  return async () => {
    if (cleanups.delete(undo)) await undo()
  }
}

/** Undoes everything, the latest first, and ends the process. Only the first call counts: what is undone makes more errors. */
export const end = async (code: number, why?: string): Promise<void> => {
  if (ending) return
  ending = true
  if (why !== undefined) console.error(why)
  for (;;) {
    const undo = [...cleanups].at(-1)
    if (undo === undefined) break
    cleanups.delete(undo)
    await undo()
  }
  process.exit(code)
}

/** Ends the bench on a signal, and when it takes longer than it may. */
export const endInTime = (longestMs: number): void => {
  process.on('SIGINT', () => end(130, '\nInterrupted'))
  process.on('SIGTERM', () => end(143, '\nTerminated'))
  setTimeout(() => end(1, `Not done within ${longestMs / 60_000} minutes`), longestMs).unref()
}
