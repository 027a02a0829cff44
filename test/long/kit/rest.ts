import type { JobView } from '../../../src/job/wire.ts'
import type { JobSpec } from '../../../src/kinds/spec.ts'

/** Submits a job and waits until it is known how it ends, at most 60 s. */
export const runJob = async (url: string, job: JobSpec): Promise<JobView> =>
  ask(`${url}/jobs`, 'POST', job, { prefer: 'wait=60' })

export const submitJob = async (url: string, job: JobSpec): Promise<JobView> =>
  ask(`${url}/jobs`, 'POST', job)

export const readJob = async (url: string, id: string): Promise<JobView> => ask(`${url}/jobs/${id}`, 'GET')

/** Throws when the answer is an error. */
export const ask = async (url: string, method: string, body?: unknown, headers = {}): Promise<JobView> => {
  const response = await fetch(url, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${text}`)
  return JSON.parse(text || 'null')
}
