import { serveTool } from '../rig/tool.ts'

export interface FetchQuestion {
  url: string
  requests: number
  concurrency: number
}

/** What one would write without Sheaf: so many requests, so many at once, each body parsed and kept. Answers with a rate. */
const run = async ({ url, requests, concurrency }: FetchQuestion): Promise<number> => {
  const results = new Array<unknown>(requests)
  let next = 0
  const work = async () => {
    while (next < requests) {
      const index = next++
      const response = await fetch(`${url}/users/${index}`)
      results[index] = await response.json()
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: concurrency }, work))
  return requests / ((performance.now() - started) / 1_000)
}

serveTool(run)
