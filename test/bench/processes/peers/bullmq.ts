import { Queue, Worker } from 'bullmq'
import { inBulk, servePeer } from '../../rig/peer.ts'

/** Its guide says to raise it for jobs that hardly need the CPU; measured, 50, 100 and 300 come to the same. */
const concurrency = 100

servePeer(async (url, name, told) => {
  const connection = { url, maxRetriesPerRequest: null }
  const queue = new Queue(name, { connection })
  const worker = new Worker(name, async () => null, { connection, concurrency, autorun: false })
  worker.on('completed', told)
  await worker.waitUntilReady()
  return {
    enqueue: (tasks) => inBulk(tasks, (jobs) => queue.addBulk(jobs)),
    start: () => void worker.run(),
    ended: async () => (await queue.getJobCounts('completed')).completed,
    stop: async () => {
      await worker.close()
      await queue.close()
    },
  }
})
