import { hasEnded } from '../../job/state.ts'
import type { Ends, EndsQuery, TaskChange, TaskEnd } from '../store.ts'
import { toChange, toJob } from './rows.ts'
import type { Statements } from './statements/index.ts'

/** A stretch of the log without what did not end. Outputs that the log leaves out are read one by one, until they are enough. */
export const findEnds = (
  statements: Statements,
  id: string,
  { after, limit, bytes }: EndsQuery,
): Ends | undefined => {
  const row = statements.jobById.get({ id })
  if (row === undefined) return undefined
  const job = toJob(row)
  const changes = statements.changes.all({ job: row.number, after, limit })
  const tasks: TaskEnd[] = []
  let length = 0
  for (const change of changes.map(toChange)) {
    if (!isEnd(change)) continue
    tasks.push(wholeOf(statements, job.number, change))
    length += change.outputBytes + (change.error?.length ?? 0)
    if (length >= bytes) return { job, tasks, seq: change.seq, more: true }
  }
  // What runs now is not looked at: it ends past the seq that the job has.
  const last = changes.length < limit ? undefined : changes.at(-1)
  return { job, tasks, seq: last?.seq ?? Math.max(after, job.seq), more: last !== undefined }
}

type EndChange = TaskChange & Pick<TaskEnd, 'state'>

const isEnd = (change: TaskChange): change is EndChange => hasEnded(change.state)

const wholeOf = (statements: Statements, job: number, change: EndChange): TaskEnd => {
  const { index, key, state, attempt, seq, error } = change
  const output =
    change.output ?? (change.outputBytes > 0 ? statements.outputOf.get({ job, index })?.output : undefined)
  return { index, key, state, attempt, seq, output: output ?? undefined, error }
}
