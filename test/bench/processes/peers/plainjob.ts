import { Database } from 'bun:sqlite'
import { bun, defineQueue, defineWorker, JobStatus } from 'plainjob'
import { servePeer } from '../../rig/peer.ts'

const nothing = () => {}
const logger = { error: console.error, warn: nothing, info: nothing, debug: nothing }

type Queue = ReturnType<typeof defineQueue>
let opened: Queue | undefined

const open = (place: string): Queue =>
  defineQueue({ connection: bun(new Database(place, { strict: true })), logger })

/** One worker, which takes one job after the other: measured, a second one in a process of its own adds nothing to it. */
servePeer((place, type, told) => {
  opened ??= open(place)
  const queue = opened
  const worker = defineWorker(type, async () => {}, { queue, logger, onCompleted: told })
  return {
    enqueue: (tasks) =>
      queue.addMany(
        type,
        Array.from({ length: tasks }, (_, index) => ({ index })),
      ),
    start: () => void worker.start(),
    ended: () => queue.countJobs({ type, status: JobStatus.Done }),
    stop: () => worker.stop(),
  }
})
