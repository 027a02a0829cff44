import type { JobCommon } from '../job/spec.ts'
import type { JobView } from '../job/wire.ts'
import type { Tools } from './job.ts'
import type { Dated, Each, Task } from './task.ts'

export interface SubmitOptions extends Dated<JobCommon> {
  /** The same key with the same tasks and options gives the same job, however often submitted. Default: random. */
  idempotencyKey?: string
  /**
   * Gives up: `submit` rejects with the reason. Should the job have been accepted meanwhile, it is cancelled, unless it is
   * one from before, of the same `unique` key. Once `submit` has resolved, the signal has no effect: use `job.cancel()`.
   */
  signal?: AbortSignal
}

export interface Submitted {
  job: JobView
  /** Whether it was made for this submission, and not for one from before of the same `unique` key. */
  own: boolean
}

/** Sends the job until it is accepted once. Rejects with a {@link SheafError}, or the signal's reason. */
export const submit = async (
  tools: Tools,
  tasks: Iterable<Task> | Each,
  options?: SubmitOptions,
): Promise<Submitted> => submitWritten(tools, writeTasks(tasks), options)

/** Tasks as they are sent. Written once: they are the same every time, whatever the caller does with them meanwhile. */
export interface Written {
  field: 'tasks' | 'each'
  json: string
  count: number
}

/** Takes the tasks one by one, and tells whoever makes them when one cannot be written. */
export const writeTasks = (tasks: Iterable<Task> | Each): Written => {
  if (isEach(tasks)) return { field: 'each', json: JSON.stringify(tasks), count: tasks.items.length }
  const texts: string[] = []
  for (const task of tasks) texts.push(JSON.stringify(task) ?? 'null')
  return { field: 'tasks', json: `[${texts.join()}]`, count: texts.length }
}

export const submitWritten = async (
  { api, ask, behind }: Tools,
  { field, json }: Written,
  { idempotencyKey = randomKey(), signal, ...spec }: SubmitOptions = {},
): Promise<Submitted> => {
  const rest = JSON.stringify(spec).slice(1, -1)
  const body = `{${rest}${rest && ','}"${field}":${json}}`
  const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey }
  let latest: Promise<{ data: JobView | null; response?: Response }> | undefined
  const send = () => {
    // Eden's types want the object, to write it itself.
    const sent = api.jobs.post(body as never, { headers })
    latest = sent
    return sent
  }
  try {
    const job = await ask(send, { signal })
    return { job, own: isOwn((await latest)?.response) }
  } catch (error) {
    if (signal?.aborted && latest)
      behind.add(
        latest.then(async ({ data, response }) => {
          if (data && isOwn(response)) await api.jobs({ id: data.id }).cancel.post()
        }),
      )
    throw error
  }
}

const isOwn = (response: Response | undefined): boolean =>
  response?.headers.get('sheaf-unique') !== 'existing'

/** What is neither goes the way of the tasks, to be refused as no iterable. */
export const isEach = (tasks: Iterable<Task> | Each): tasks is Each =>
  typeof tasks === 'object' && tasks !== null && 'items' in tasks && 'task' in tasks

/** 128 random bits. A page that did not come over TLS has no `crypto.randomUUID`. */
const randomKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  )
