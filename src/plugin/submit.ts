import { SheafError } from '../client/errors.ts'
import { isEach, type SubmitOptions } from '../client/submit.ts'
import type { Each, Task } from '../client/task.ts'
import { acceptedBy } from '../http/intake/progress.ts'
import { digestOf } from '../http/request/body.ts'
import { Problem } from '../job/errors.ts'
import { parseJob, prepareJob } from '../kinds/prepare.ts'
import { LocalJob } from './job.ts'
import type { Running } from './running.ts'

/** Puts a job on disk. Throws a {@link SheafError} that says why it cannot be, or the signal's reason. */
export const submit = async (
  running: Running,
  tasks: Iterable<Task> | Each,
  { idempotencyKey, signal, ...spec }: SubmitOptions = {},
): Promise<LocalJob> => {
  signal?.throwIfAborted()
  // As JSON would carry it, so that a date or a hole in an array means here what it means over HTTP.
  const text = JSON.stringify({ ...spec, ...(isEach(tasks) ? { each: tasks } : { tasks: [...tasks] }) })
  const idempotency =
    idempotencyKey === undefined ? undefined : { key: idempotencyKey, digest: digestOf(encode(text)) }
  const { engine, kinds, secrets, clock } = await running.begin()
  return asSheafError(async () => {
    const meta = { id: clock.id(), now: clock.now(), idempotency, secrets }
    const asked = prepareJob(parseJob(JSON.parse(text)), kinds, meta)
    const { job } = await acceptedBy(engine, asked, await engine.submit(asked))
    return new LocalJob(running, job.id)
  })
}

const encode = (text: string) => new TextEncoder().encode(text)

/** What a route would answer with a problem is thrown as what a client makes of it. */
export const asSheafError = async <T>(action: () => Promise<T>): Promise<T> => {
  try {
    return await action()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const { errors } = error.extensions
    throw new SheafError(error.code, error.detail, {
      status: error.status,
      ...(Array.isArray(errors) && { errors }),
      cause: error,
    })
  }
}
