import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { isBalanced, noTasks, openOf, progressOf } from '../../src/job/counts.ts'
import {
  addTasks,
  finish,
  type Ledger,
  moveJob,
  moveTask,
  noteEnd,
  noteSealed,
  revive,
  stop,
} from '../../src/job/ledger.ts'
import { modes, type Rule } from '../../src/job/modes.ts'
import {
  hasEnded,
  type JobState,
  nextTaskState,
  type TaskState,
  type TaskTrigger,
  taskStates,
  taskTransitions,
} from '../../src/job/state.ts'
import { broken, end, ledgerOf } from '../support/ledger.ts'

describe('under any sequence of triggers', () => {
  const triggersOf = (state: TaskState) => Object.keys(taskTransitions[state]) as TaskTrigger[]
  const triggers = [...new Set(taskStates.flatMap(triggersOf))]
  const nth = <T>(at: number, values: T[]): T | undefined => values[at % values.length]

  type Step =
    /** `trigger` is any of all, or the nth of those that the task's state has. */
    | { do: 'task'; at: number; trigger: TaskTrigger | number }
    | { do: 'add'; count: number; blocked: boolean }
    | { do: 'start' | 'pause' | 'resume' | 'cancel' | 'seal' | 'revive' }

  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 16,
      arbitrary: fc.record({
        do: fc.constant('task' as const),
        at: fc.nat(),
        trigger: fc.oneof({ weight: 4, arbitrary: fc.nat() }, fc.constantFrom(...triggers)),
      }),
    },
    fc.record({ do: fc.constant('add' as const), count: fc.nat({ max: 3 }), blocked: fc.boolean() }),
    fc.record({ do: fc.constantFrom('start', 'pause', 'resume', 'cancel', 'seal', 'revive') }),
  )
  const rule: fc.Arbitrary<Rule> = fc.record({
    mode: fc.constantFrom(...modes),
    tolerate: fc.oneof(fc.nat({ max: 3 }), fc.constantFrom('0%', '25%', '50%')),
    quorum: fc.integer({ min: 1, max: 3 }),
  })

  /** A job with its tasks beside it, moved the way a store moves them. */
  const model = (rule: Rule, state: JobState) => {
    const job = { ...ledgerOf(rule, 0, false), state }
    const tasks: TaskState[] = []
    const moveOne = (index: number, trigger: TaskTrigger): void => {
      const from = tasks[index]
      if (from === undefined) return
      const to = nextTaskState(from, trigger)
      if (to === undefined) {
        expect(() => moveTask(job, from, trigger)).toThrow(`A ${from} task has no "${trigger}"`)
        return
      }
      moveTask(job, from, trigger)
      tasks[index] = to
      if (hasEnded(to)) noteEnd(job, index, to)
    }
    const reviveAll = () => {
      if (!revive(job)) return
      for (const [index, state] of tasks.entries())
        if (nextTaskState(state, 'revive')) moveOne(index, 'revive')
    }
    const take = (step: Step): void => {
      if (step.do === 'task') {
        const at = step.at % tasks.length
        const state = tasks[at] ?? 'succeeded'
        const trigger = typeof step.trigger === 'string' ? step.trigger : nth(step.trigger, triggersOf(state))
        // A task of an ended job is revived with its job.
        if (trigger === 'revive' && nextTaskState(state, trigger)) revive(job)
        if (trigger) moveOne(at, trigger)
      } else if (step.do === 'add') {
        if (job.sealed || job.outcome !== undefined) return
        const state = step.blocked ? 'blocked' : 'queued'
        addTasks(job, state, step.count)
        for (let added = 0; added < step.count; added += 1) tasks.push(state)
      } else if (step.do === 'seal') {
        job.sealed = true
        noteSealed(job)
      } else if (step.do === 'cancel') stop(job, 'cancelled')
      else if (step.do === 'revive') reviveAll()
      else moveJob(job, step.do)
    }
    return { job, tasks, take }
  }

  /** Walks through the steps and shows each one's before and after. */
  const walk = (check: (before: Snapshot, after: Snapshot, step: Step) => void) =>
    fc.assert(
      fc.property(
        rule,
        fc.constantFrom('scheduled', 'running'),
        fc.nat({ max: 6 }),
        fc.array(step, { maxLength: 60, size: 'max' }),
        (rule, state, count, steps) => {
          const { job, tasks, take } = model(rule, state)
          take({ do: 'add', count, blocked: false })
          for (const step of steps) {
            const before = structuredClone({ job, tasks })
            take(step)
            finish(job, 1)
            check(before, { job, tasks }, step)
          }
        },
      ),
      { numRuns: 500 },
    )
  type Snapshot = { job: Ledger; tasks: TaskState[] }
  const revives = (before: Snapshot, after: Snapshot) =>
    hasEnded(before.job.state) && !hasEnded(after.job.state)

  test('the counts are those of the tasks, and sum to their total', () => {
    walk((_, { job, tasks }) => {
      expect(isBalanced(job.counts)).toBe(true)
      const recount = { ...noTasks(), total: tasks.length }
      for (const state of tasks) recount[state] += 1
      expect(job.counts).toEqual(recount)
      expect(progressOf(job.counts)).toBeWithin(0, 1 + Number.EPSILON)
    })
  })

  test('the seq rises with every change of a state, and only then', () => {
    walk((before, after) => {
      const moved =
        before.job.state !== after.job.state ||
        before.tasks.some((state, index) => state !== after.tasks[index])
      if (moved) expect(after.job.seq).toBeGreaterThan(before.job.seq)
      else expect(after.job.seq).toBe(before.job.seq)
    })
  })

  test('an ended task changes only by a revive', () => {
    walk((before, after, step) => {
      for (const [index, state] of before.tasks.entries()) {
        if (!hasEnded(state) || after.tasks[index] === state) continue
        expect(step.do).toBeOneOf(['revive', 'task'])
        expect(state).not.toBe('succeeded')
        expect(after.tasks[index]).toBe('queued')
      }
    })
  })

  test('an outcome once fixed changes only by a revive, and so do its reasons', () => {
    walk((before, after) => {
      if (before.job.outcome === undefined || revives(before, after)) return
      const { outcome, decidedBy, error } = before.job
      expect({ ...after.job }).toMatchObject({ outcome, decidedBy, error })
    })
  })

  test('a job stops with its outcome, and ends as that once no task is open', () => {
    walk((_, { job }) => {
      const stopped = job.state === 'stopping' || hasEnded(job.state)
      expect(job.outcome !== undefined).toBe(stopped)
      if (!stopped) return
      expect(hasEnded(job.state)).toBe(openOf(job.counts) === 0)
      expect(hasEnded(job.state) ? job.state : job.outcome).toBe(job.outcome)
      expect(job.finishedAt !== undefined).toBe(hasEnded(job.state))
    })
  })
})

describe('why a job failed', () => {
  test('names the task whose failure decided, with its error', () => {
    const job = ledgerOf({ tolerate: 1 }, 3)
    end(job, 2, 'fail')
    expect(job.error).toBeUndefined()
    end(job, 0, 'fail')
    expect(job.error).toEqual({
      code: 'task_failed',
      message: 'Task 0 failed: It took too long.',
      details: { index: 0, error: broken },
    })
  })

  test('counts the failures where only the total decided', () => {
    const job = ledgerOf({ tolerate: '50%' }, 3, false)
    end(job, 0, 'fail')
    end(job, 1, 'fail')
    expect(job.outcome).toBeUndefined()
    job.sealed = true
    noteSealed(job)
    expect(job.outcome).toBe('failed')
    expect(job.decidedBy).toBeUndefined()
    expect(job.error).toEqual({
      code: 'task_failed',
      message: 'Expected at most 50% of 3 tasks to fail, got 2.',
      details: { tolerate: '50%', failed: 2, total: 3 },
    })
  })

  test('says how many successes any lacked', () => {
    const job = ledgerOf({ mode: 'any', quorum: 2 }, 3)
    end(job, 0, 'succeed')
    end(job, 1, 'fail')
    end(job, 2, 'fail')
    expect(job.error).toEqual({
      code: 'too_few_succeeded',
      message: 'Expected 2 of 3 tasks to succeed, got 1.',
      details: { quorum: 2, succeeded: 1, total: 3 },
    })
  })

  test('is never blamed on a task that succeeded', () => {
    const job = ledgerOf({}, 2)
    end(job, 0, 'fail')
    moveTask(job, 'queued', 'cancel')
    finish(job, 1)
    // Only one of the two that missed is taken up again, so the other still fails the job.
    revive(job)
    moveTask(job, 'cancelled', 'revive')
    end(job, 1, 'succeed')
    expect(job.outcome).toBe('failed')
    expect(job.decidedBy).toBeUndefined()
    expect(job.error?.message).toBe('Expected at most 0 of 2 tasks to fail, got 1.')
  })
})

test('a quorum that was met before a revive is not credited to a task that failed after it', () => {
  const job = ledgerOf({ mode: 'any' }, 2)
  end(job, 0, 'succeed')
  expect(job.decidedBy).toBe(0)
  moveTask(job, 'queued', 'cancel')
  finish(job, 1)
  revive(job)
  moveTask(job, 'cancelled', 'revive')
  end(job, 1, 'fail')
  expect(job).toMatchObject({ outcome: 'succeeded', decidedBy: undefined, error: undefined })
})

describe('a revive', () => {
  test('forgets the outcome and what came of it', () => {
    const job = ledgerOf({}, 1)
    end(job, 0, 'fail')
    finish(job, 1)
    expect(revive(job)).toBe(true)
    expect(job).toMatchObject({
      state: 'running',
      outcome: undefined,
      decidedBy: undefined,
      error: undefined,
      finishedAt: undefined,
    })
  })

  test('is refused while the job runs, and where nothing failed: no task could end it again', () => {
    const running = ledgerOf({}, 1)
    expect(revive(running)).toBe(false)
    for (const mode of modes) {
      const job = ledgerOf({ mode }, 1)
      end(job, 0, 'succeed')
      expect(finish(job, 1)).toBe(true)
      const before = structuredClone(job)
      expect(revive(job)).toBe(false)
      expect(job).toEqual(before)
    }
  })

  test('is allowed after its tasks were revived, as it is before', () => {
    const job = ledgerOf({}, 1)
    end(job, 0, 'fail')
    finish(job, 1)
    moveTask(job, 'failed', 'revive')
    expect(revive(job)).toBe(true)
  })
})

test('a job is stopped once: the first outcome stands', () => {
  const job = ledgerOf({}, 1)
  expect(stop(job, 'cancelled', broken)).toBe(true)
  expect(stop(job, 'failed')).toBe(false)
  expect(job).toMatchObject({ state: 'stopping', outcome: 'cancelled', error: broken })
})

test('progress is the share that ended, and all of it for no tasks', () => {
  expect(progressOf(noTasks())).toBe(1)
  const job = ledgerOf({ mode: 'allSettled' }, 4)
  end(job, 0, 'succeed')
  expect(progressOf(job.counts)).toBe(0.25)
})
