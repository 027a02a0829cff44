import type { JobView, ResultView, TaskView } from '../../src/job/wire.ts'
import type { JobSpec } from '../../src/kinds/spec.ts'
import { Unavailable } from './gate.ts'

export interface Accepted {
  id: string
  replayed: boolean
}

/** Submits a job. Throws when it is not accepted, or when the connection is lost before the answer. */
export const submit = async (url: string, key: string, job: JobSpec): Promise<Accepted> => {
  const response = await fetch(`${url}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(job),
  })
  const text = await response.text()
  if (response.status === 503) throw new Unavailable(text)
  if (response.status !== 202) throw new Error(`POST /jobs answered ${response.status}: ${text}`)
  const { id }: JobView = JSON.parse(text)
  return { id, replayed: response.headers.get('idempotent-replayed') === 'true' }
}

export const readJob = (url: string, id: string): Promise<JobView> => get(`${url}/jobs/${id}`)

export const readJobs = (url: string, name: string): Promise<JobView[]> =>
  pages(`${url}/jobs?name=${name}&limit=1000`)

export const readTasks = (url: string, job: string): Promise<TaskView[]> =>
  pages(`${url}/jobs/${job}/tasks?limit=1000`)

/** Waits for the end of the job. */
export const readResults = async (url: string, job: string): Promise<ResultView[]> =>
  (await get<{ data: ResultView[] }>(`${url}/jobs/${job}/results?wait=60`)).data

export const put = async (url: string, body: unknown): Promise<void> => {
  const response = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`PUT ${url} answered ${response.status}: ${await response.text()}`)
}

export const readScheduled = (url: string, schedule: string): Promise<JobView[]> =>
  pages(`${url}/schedules/${schedule}/jobs?limit=1000`)

const pages = async <T>(url: string): Promise<T[]> => {
  const items: T[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: { data: T[]; next: string | null } = await get(
      cursor === '' ? url : `${url}&cursor=${encodeURIComponent(cursor)}`,
    )
    items.push(...page.data)
    cursor = page.next
  }
  return items
}

const get = async <T>(url: string): Promise<T> => {
  const response = await fetch(url)
  const text = await response.text()
  // A wait that a stop cut short is answered with 409.
  if (response.status === 503 || response.status === 409) throw new Unavailable(text)
  if (!response.ok) throw new Error(`GET ${url} answered ${response.status}: ${text}`)
  return JSON.parse(text)
}
