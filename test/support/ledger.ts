import { noTasks } from '../../src/job/counts.ts'
import type { Failure } from '../../src/job/errors.ts'
import { addTasks, type Ledger, moveTask, noteEnd, noteSealed } from '../../src/job/ledger.ts'
import type { Rule } from '../../src/job/modes.ts'

/** A running job of queued tasks, kept by no store. */
export const ledgerOf = (rule: Partial<Rule>, tasks = 0, sealed = true): Ledger => {
  const job: Ledger = {
    state: 'running',
    rule: { mode: 'all', tolerate: 0, quorum: 1, ...rule },
    counts: noTasks(),
    sealed,
    seq: 0,
    outcome: undefined,
    decidedBy: undefined,
    error: undefined,
    startedAt: undefined,
    finishedAt: undefined,
  }
  addTasks(job, 'queued', tasks)
  noteSealed(job)
  return job
}

export const broken: Failure = { code: 'timeout', message: 'It took too long.' }

/** Runs one queued task to its end. */
export const end = (job: Ledger, index: number, how: 'succeed' | 'fail') => {
  moveTask(job, 'queued', 'claim')
  moveTask(job, 'running', how)
  noteEnd(job, index, how === 'succeed' ? 'succeeded' : 'failed', how === 'fail' ? broken : undefined)
}
