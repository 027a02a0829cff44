import type { Parts } from '../assemble.ts'
import { SheafError } from '../client/errors.ts'
import { isEach, type SubmitOptions } from '../client/submit.ts'
import type { Each, Task } from '../client/task.ts'
import { acceptedBy } from '../http/intake/progress.ts'
import { digestOf } from '../http/request/body.ts'
import { Problem } from '../job/errors.ts'
import { parseJob, prepareJob } from '../kinds/prepare.ts'
import type { NewJob } from '../store/store.ts'
import { LocalJob } from './job.ts'
import type { Running } from './running.ts'

/** Puts a job on disk. Throws a {@link SheafError} that says why it cannot be, or the signal's reason. */
export const submit = async (
  running: Running,
  tasks: Iterable<Task> | Each,
  { signal, ...options }: SubmitOptions = {},
): Promise<LocalJob> => {
  signal?.throwIfAborted()
  const body = bodyOf(tasks, options)
  const parts = await running.begin()
  return asSheafError(async () => {
    const asked = prepare(parts, body)
    const { job } = await acceptedBy(parts.engine, asked, await parts.engine.submit(asked))
    return new LocalJob(running, job.id)
  })
}

/** What is submitted, as JSON would carry it: a date or a hole in an array means here what it means over HTTP. */
interface Body {
  text: string
  idempotencyKey: string | undefined
}

export const bodyOf = (
  tasks: Iterable<Task> | Each,
  { idempotencyKey, ...spec }: Omit<SubmitOptions, 'signal'>,
): Body => ({
  text: JSON.stringify({ ...spec, ...(isEach(tasks) ? { each: tasks } : { tasks: [...tasks] }) }),
  idempotencyKey,
})

/** Throws a Problem that says why there can be no such job. */
export const prepare = ({ clock, kinds, secrets }: Parts, { text, idempotencyKey: key }: Body): NewJob => {
  const idempotency = key === undefined ? undefined : { key, digest: digestOf(encode(text)) }
  const meta = { id: clock.id(), now: clock.now(), idempotency, secrets }
  return prepareJob(parseJob(JSON.parse(text)), kinds, meta)
}

const encode = (text: string) => new TextEncoder().encode(text)

/** What a route would answer with a problem is thrown as what a client makes of it. */
export const asSheafError = async <T>(action: () => Promise<T>): Promise<T> => {
  try {
    return await action()
  } catch (error) {
    throw sheafErrorOf(error)
  }
}

export const sheafErrorOf = (error: unknown): unknown => {
  if (!(error instanceof Problem)) return error
  const { errors } = error.extensions
  return new SheafError(error.code, error.detail, {
    status: error.status,
    ...(Array.isArray(errors) && { errors }),
    cause: error,
  })
}
