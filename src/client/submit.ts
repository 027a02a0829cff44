import type { JobView } from '../job/wire.ts'
import type { JobSpec } from '../kinds/spec.ts'
import type { Tools } from './job.ts'
import type { Task } from './task.ts'

export interface SubmitOptions extends Omit<JobSpec, 'tasks'> {
  /** The same key with the same tasks and options gives the same job, however often it is submitted. Default: a random one. */
  idempotencyKey?: string
  /**
   * Gives up: `submit` rejects with the reason. Should the job have been accepted meanwhile, it is cancelled. Once `submit` has
   * resolved, the signal has no effect: use `job.cancel()`.
   */
  signal?: AbortSignal
}

/** Sends the job until it is accepted once. Rejects with a {@link SheafError}, or the signal's reason. */
export const submit = async (
  { api, ask, behind }: Tools,
  tasks: Iterable<Task>,
  { idempotencyKey = crypto.randomUUID(), signal, ...spec }: SubmitOptions = {},
): Promise<JobView> => {
  const body = { ...spec, tasks: [...tasks] }
  let latest: Promise<{ data: JobView | null }> | undefined
  // The key makes it safe to send it again when nobody knows whether it was received.
  const send = () => {
    const sent = api.jobs.post(body, { headers: { 'idempotency-key': idempotencyKey } })
    latest = sent
    return sent
  }
  try {
    return await ask(send, { signal })
  } catch (error) {
    if (signal?.aborted && latest)
      behind.add(latest.then(({ data }) => data && api.jobs({ id: data.id }).cancel.post()))
    throw error
  }
}
