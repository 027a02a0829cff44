import type { Engine } from '../../engine/engine.ts'
import { Problem } from '../../job/errors.ts'
import type { JobRecord, NewJob, Submitted } from '../../store/store.ts'
import { type Accepted, accepted } from '../answer/submitted.ts'

/** Adds to the Problem that an action throws which job is meant, and how many tasks it has: where to go on. */
export const sayingHowFar = async <T>(job: JobRecord, action: () => T | Promise<T>): Promise<T> => {
  try {
    return await action()
  } catch (error) {
    if (!(error instanceof Problem) || error.code === 'not_found') throw error
    const { code, detail, extensions } = error
    throw new Problem(code, detail, { ...extensions, job: job.id, accepted: job.counts.total })
  }
}

/** What became of a submission, as {@link accepted}; of one whose first request broke off, also how far that got. */
export const acceptedBy = async (
  { store }: Pick<Engine, 'store'>,
  asked: NewJob,
  submitted: Submitted,
): Promise<Accepted> => {
  const begun = submitted.type === 'pending' ? await store.job(submitted.id) : undefined
  return begun ? sayingHowFar(begun, () => accepted(asked, submitted)) : accepted(asked, submitted)
}
