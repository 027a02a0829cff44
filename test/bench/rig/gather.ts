import type { Absent } from '../measurement.ts'
import { findPython, packages, startFastapi, versionsOf } from './fastapi.ts'
import { absent, type Opened } from './opened.ts'

const name = 'FastAPI, asyncio.gather of httpx'

/** The same calls as one would make them in FastAPI: one request to an endpoint that gathers so many, so many at once. */
export const openGather = async (
  upstream: string,
  calls: number,
  concurrency: number,
): Promise<Opened | Absent> => {
  const python = findPython()
  if (python === undefined) return absent(name, `not on this machine: apt-get install ${packages}`)
  const { url, stop } = await startFastapi(python, upstream)
  const run = async () => {
    const started = performance.now()
    const response = await fetch(`${url}/gather/${calls}?concurrency=${concurrency}`)
    const answers: unknown = await response.json()
    const seconds = (performance.now() - started) / 1_000
    if (!Array.isArray(answers) || answers.length !== calls)
      throw new Error(`Expected ${calls} answers, got ${response.status}: ${JSON.stringify(answers)}`)
    return { rate: calls / seconds }
  }
  const about = `${calls} calls; ${versionsOf(python)}`
  const lacks = 'keeps nothing on disk, no retries, no progress'
  return { contender: { name, about, lacks, target: 30, run }, stop }
}
