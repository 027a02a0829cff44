import { Database } from 'bun:sqlite'
import { sql } from 'drizzle-orm'
import { SheafError } from '../client/errors.ts'
import type { SubmitOptions } from '../client/submit.ts'
import type { Each, Task } from '../client/task.ts'
import type { NewJob } from '../store/store.ts'
import type { Running } from './running.ts'
import { bodyOf, prepare, sheafErrorOf } from './submit.ts'

/** A connection of the app to the file that Sheaf has, or a transaction on it: of bun:sqlite, or of drizzle on bun:sqlite. */
export type HostTransaction = Database | { run(query: ReturnType<typeof sql>): unknown }

/**
 * Puts a job into the outbox, on the app's own connection: there is such a job exactly if the app's transaction is committed. Returns its
 * id. Throws a {@link SheafError} that says why there can be none.
 */
export const submitWithin = (
  running: Running,
  transaction: HostTransaction,
  tasks: Iterable<Task> | Each,
  options: SubmitOptions = {},
): string => {
  const parts = running.opened
  if (parts === undefined) throw notOpen()
  try {
    const job = prepare(parts, bodyOf(tasks, options))
    insert(transaction, job)
    parts.engine.expect(job.id)
    return job.id
  } catch (error) {
    throw sheafErrorOf(error)
  }
}

/** To open it takes a transaction of its own, which would wait for the app's. */
const notOpen = () =>
  new SheafError(
    'unavailable',
    'Expected Sheaf to be open: let the app listen, or await "sheaf.ready()" before the transaction.',
  )

const insert = (transaction: HostTransaction, job: NewJob): void => {
  const text = JSON.stringify(job)
  try {
    if (transaction instanceof Database) transaction.run('insert into sheaf_outbox (job) values (?)', [text])
    else transaction.run(sql`insert into sheaf_outbox (job) values (${text})`)
  } catch (cause) {
    if (!String(cause instanceof Error ? [cause.message, cause.cause] : cause).includes('no such table'))
      throw cause
    throw new SheafError(
      'invalid',
      'Expected a transaction on the database that Sheaf has, got one on another.',
      {
        cause,
      },
    )
  }
}
