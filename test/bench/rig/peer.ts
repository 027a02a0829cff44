import { serveTool } from './tool.ts'

export interface PeerQuestion {
  /** Where it keeps its jobs: a file, or the address of its database. */
  place: string
  tasks: number
}

/** A lot of jobs that do nothing, in a queue of a peer. */
export interface PeerRun {
  /** Resolves when so many jobs were acknowledged. */
  enqueue(tasks: number): unknown
  /** Lets them run; each end is told. */
  start(): void
  /** How many of them have ended in its own books. */
  ended(): number | Promise<number>
  stop(): unknown
}

/**
 * Serves the bench as a peer of Sheaf: of jobs in a queue of a new name it answers with the rate, from their acknowledgement to the
 * last end that the peer tells of and has in its books.
 */
export const servePeer = (
  prepare: (place: string, name: string, told: () => void) => PeerRun | Promise<PeerRun>,
): void => {
  let runs = 0
  serveTool<PeerQuestion, number>(async ({ place, tasks }) => {
    const { promise: allTold, resolve } = Promise.withResolvers<void>()
    let told = 0
    const run = await prepare(place, `run-${++runs}`, () => {
      told += 1
      if (told === tasks) resolve()
    })
    await run.enqueue(tasks)
    const acknowledged = performance.now()
    run.start()
    await allTold
    while ((await run.ended()) < tasks) await Bun.sleep(1)
    const seconds = (performance.now() - acknowledged) / 1_000
    await run.stop()
    return tasks / seconds
  })
}

interface BulkJob {
  name: string
  data: { index: number }
}

const mostInBulk = 1_000

/** Enqueues so many by a call that takes many at once. */
export const inBulk = async (tasks: number, add: (jobs: BulkJob[]) => Promise<unknown>): Promise<void> => {
  for (let at = 0; at < tasks; at += mostInBulk) {
    const length = Math.min(mostInBulk, tasks - at)
    await add(Array.from({ length }, (_, i) => ({ name: 'noop', data: { index: at + i } })))
  }
}
