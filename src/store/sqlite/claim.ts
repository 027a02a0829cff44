import { moveTask } from '../../job/ledger.ts'
import type { Claim } from '../store.ts'
import type { Books } from './books.ts'
import type { OpenJob } from './rows.ts'
import { tell } from './tell.ts'

/**
 * How many tasks a job of priority 5 claims before the next has its turn, when jobs compete. Small enough that a new
 * job is served in the next commit, large enough that reading a job costs little beside reading its tasks.
 */
const quantum = 16

/** Claims up to `limit` due tasks: jobs take turns, by priority, until the limit is reached or nothing is due. */
export const claim = (books: Books, limit: number): Claim[] => {
  const claims: Claim[] = []
  wake(books)
  books.save()
  while (claims.length < limit) {
    const free = limit - claims.length
    // At least two, which tell whether the first is alone.
    const rows = books.statements.jobsInTurn.all({ limit: Math.max(2, Math.ceil(free / quantum)) })
    if (rows.length === 0) break
    const alone = rows.length === 1
    for (const row of rows) {
      const job = books.adopt(row)
      const left = limit - claims.length
      if (job === undefined || left === 0) break
      claimFrom(books, job, Math.min(left, alone ? left : share(job)), claims)
    }
    books.save()
  }
  return claims
}

const share = (job: OpenJob) => Math.ceil((quantum * job.priority) / 5)

const claimFrom = (books: Books, job: OpenJob, most: number, claims: Claim[]): void => {
  const room = Math.min(most, books.roomOf(job))
  if (room <= 0) {
    books.touch(job)
    return
  }
  const due = books.statements.dueTasks.all({ job: job.number, now: books.now, limit: room })
  for (const task of due) {
    const attempt = task.attempt + 1
    const seq = moveTask(job, 'queued', 'claim')
    books.statements.claimTask.run({ job: job.number, index: task.index, attempt, seq, now: books.now })
    const claim: Claim = {
      job: job.number,
      jobId: job.id,
      index: task.index,
      key: task.key ?? undefined,
      kind: task.kind,
      attempt,
      failures: task.failures,
      waitedMs: task.waitedMs,
      input: task.input,
      template: job.template,
      options: task.options ?? undefined,
      defaults: job.defaults,
      concurrency: job.concurrency,
      mode: job.rule.mode,
      startedAt: books.now,
    }
    tell({ books, job, claim }, { state: 'running', seq })
    claims.push(claim)
  }
  job.startedAt ??= due.length > 0 ? books.now : undefined
  books.serve(job, due.length)
  books.touch(job)
}

/** Jobs whose time has come join the turns. */
const wake = (books: Books): void => {
  for (const row of books.statements.jobsToWake.all({ now: books.now, limit: 1_000 })) {
    const job = books.adopt(row)
    if (job) books.touch(job)
  }
}
