import { Queue, Worker } from 'bunqueue/client'
import { inBulk, servePeer } from '../../rig/peer.ts'

/** Many at once, and many pulled at once, as its guide on concurrency advises where there is much to do. */
const busy = { concurrency: 100, batchSize: 100, autorun: false } as const

servePeer((dataPath, name, told) => {
  const embedded = { embedded: true, dataPath } as const
  const queue = new Queue(name, embedded)
  const worker = new Worker(name, async () => null, { ...embedded, ...busy })
  worker.on('completed', told)
  return {
    enqueue: (tasks) => inBulk(tasks, (jobs) => queue.addBulk(jobs)),
    start: () => worker.run(),
    ended: async () => (await queue.getJobCounts()).completed,
    stop: () => worker.close(),
  }
})
