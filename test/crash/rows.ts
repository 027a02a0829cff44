import type { TaskChangeView } from '../../src/job/events.ts'
import { hasEnded, taskStates } from '../../src/job/state.ts'
import type { JobView, TaskView } from '../../src/job/wire.ts'

/** A task as it stands, from wherever it was read. */
export type Row = Pick<TaskView, 'index' | 'state' | 'attempt' | 'seq' | 'output' | 'error'>

/** A job's own account of itself, beside its tasks. */
export type Account = Pick<JobView, 'counts' | 'seq'>

/** What is wrong between what a job says of its tasks and what they are. */
export const imbalance = ({ counts, seq }: Account, rows: readonly Row[]): string[] => {
  const faults: string[] = []
  if (counts.total !== rows.length) faults.push(`the job counts ${counts.total} tasks and has ${rows.length}`)
  for (const state of taskStates) {
    const found = rows.filter((row) => row.state === state).length
    if (counts[state] !== found)
      faults.push(`the job counts ${counts[state]} ${state} tasks and has ${found}`)
  }
  const seqs = rows.map((row) => row.seq).filter((each) => each > 0)
  if (new Set(seqs).size !== seqs.length) faults.push('two tasks changed at one seq')
  if (seqs.some((each) => each > seq)) faults.push(`a task changed after seq ${seq} of its job`)
  return faults
}

/** Which of the ends that somebody was told of are not what is kept. */
export const brokenPromises = (
  who: string,
  told: ReadonlyMap<number, TaskChangeView>,
  rows: readonly Row[],
): string[] =>
  [...told.values()].flatMap((end) => {
    const row = rows[end.index]
    return row !== undefined && sameEnd(end, row)
      ? []
      : [`${who} was told ${brief(end)}, and what is kept is ${row ? brief(row) : 'nothing'}`]
  })

/** An event says of an output that is too long how long it is. */
const sameEnd = (end: TaskChangeView, row: Row): boolean =>
  hasEnded(end.state) &&
  end.state === row.state &&
  end.attempt === row.attempt &&
  end.seq === row.seq &&
  text(end.error) === text(row.error) &&
  (end.outputBytes === undefined
    ? text(end.output) === text(row.output)
    : end.outputBytes === Buffer.byteLength(text(row.output) ?? ''))

/** Requests that a task's attempts do not account for. */
export const strayRequests = (
  job: string,
  rows: readonly Row[],
  requests: ReadonlyMap<string, number>,
): string[] =>
  rows.flatMap(({ index, attempt }) => {
    const sent = requests.get(`${job}-${index}`) ?? 0
    return sent > attempt ? [`task ${index} sent ${sent} requests in ${attempt} attempts`] : []
  })

const text = (value: unknown) => JSON.stringify(value)

const brief = (row: Row | TaskChangeView) => (text(row) ?? '').slice(0, 200)
