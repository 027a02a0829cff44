import type { Failure } from '../../job/errors.ts'
import type { TaskChange } from '../store.ts'
import type { Books } from './books.ts'
import { type OpenJob, textOf } from './rows.ts'

/** Whose change is told. */
export interface Told {
  books: Books
  job: OpenJob
  claim: { index: number; key: string | undefined; attempt: number }
}

/** Puts a task's change into what the job's followers are told when the transaction has committed. */
export const tell = (
  { books, job, claim }: Told,
  change: {
    state: TaskChange['state']
    seq: number
    runAt?: number
    output?: string
    error?: Failure
  },
): void =>
  books.told(job, {
    index: claim.index,
    key: claim.key,
    attempt: claim.attempt,
    state: change.state,
    seq: change.seq,
    runAt: change.runAt,
    output: change.output,
    outputBytes: change.output === undefined ? 0 : Buffer.byteLength(change.output),
    error: change.error === undefined ? undefined : textOf(change.error),
  })
