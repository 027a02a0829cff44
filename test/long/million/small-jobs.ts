import { runJob } from '../kit/rest.ts'

/** A job that was submitted beside the large one. */
export interface SmallJob {
  /** From its submission to the answer that it has ended, in milliseconds. */
  tookMs: number
  endedAt: number
}

const callers = 2
const tasks = Array.from({ length: 10 }, () => ({ kind: 'sleep' as const, ms: 1 }))

/** Runs small jobs, one after the other in each of two hands, as long as the work lasts. */
export const smallJobsDuring = async (url: string, work: () => Promise<void>): Promise<SmallJob[]> => {
  const jobs: SmallJob[] = []
  let working = true
  const call = async () => {
    while (working) {
      const since = performance.now()
      const { state, counts } = await runJob(url, { tasks, keepMs: 60_000 })
      if (state !== 'succeeded' || counts.succeeded !== tasks.length)
        throw new Error(`Expected a small job to succeed, got ${state}: ${JSON.stringify(counts)}`)
      const endedAt = performance.now()
      jobs.push({ tookMs: endedAt - since, endedAt })
    }
  }
  const calling = Promise.all(Array.from({ length: callers }, call))
  try {
    await Promise.race([work(), calling])
  } finally {
    working = false
  }
  await calling
  return jobs
}
