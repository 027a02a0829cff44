import fc from 'fast-check'
import type { JobState } from '../../src/job/state.ts'
import type { Act, JobPlan, TaskPlan } from './plan.ts'

/** No attempt takes as long as its timeout: which of the two came first would be anybody's guess. */
const takes = fc.constantFrom(0, 0, 7, 20, 60)
const attemptTimeout = fc.option(fc.constantFrom(12, 35), { nil: undefined, freq: 4 })

const act: fc.Arbitrary<Act> = fc.record({
  does: fc.oneof(
    { weight: 6, arbitrary: fc.constant('succeed' as const) },
    { weight: 4, arbitrary: fc.constant('fail' as const) },
    { weight: 1, arbitrary: fc.constantFrom('give up' as const, 'throw' as const) },
    { weight: 1, arbitrary: fc.constantFrom('snooze' as const, 'hang' as const) },
  ),
  ms: takes,
  delayMs: fc.constantFrom(0, 5, 30),
})

export const queueNames = ['a', 'b', 'c'] as const
const mostTasks = 5
const seldom = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 })

const task = fc.record({
  queue: fc.constantFrom(...queueNames),
  acts: fc.oneof(
    { weight: 6, arbitrary: fc.array(act, { maxLength: 3 }) },
    // Also after it was rescued more often than it may be.
    { weight: 1, arbitrary: act.map((one) => Array.from({ length: 6 }, () => one)) },
  ),
  delayMs: fc.constantFrom(0, 0, 0, 15, 40),
  timeoutMs: attemptTimeout,
  attempts: seldom(fc.constantFrom(1, 2)),
})

/** For each pair of tasks whether the later comes after the earlier, and on which end: half of the jobs have none. */
const edges = fc.oneof(
  fc.constant<(undefined | 'succeeded' | 'ended')[]>([]),
  fc.array(fc.constantFrom(undefined, undefined, 'succeeded' as const, 'ended' as const), {
    minLength: (mostTasks * (mostTasks - 1)) / 2,
    maxLength: (mostTasks * (mostTasks - 1)) / 2,
  }),
)

const open: readonly JobState[] = ['scheduled', 'running', 'paused', 'stopping']
const unique = fc.record({
  key: fc.constantFrom('u', 'v'),
  by: fc.constantFrom(open, ['succeeded', 'running'] as const, 25),
})

const fields = fc.record({
  mode: fc.constantFrom('all', 'allSettled', 'allSettled', 'any', 'race'),
  tolerate: fc.constantFrom(0, 0, 1, 2, '40%' as const, '50%' as const),
  quorum: fc.integer({ min: 1, max: 3 }),
  concurrency: seldom(fc.integer({ min: 1, max: 3 })),
  timeoutMs: seldom(fc.constantFrom(10, 50)),
  keepMs: seldom(fc.constantFrom(0, 30)),
  delayMs: fc.constantFrom(0, 0, 0, 0, 25),
  retry: fc.option(
    fc.record({
      attempts: fc.integer({ min: 1, max: 4 }),
      backoff: fc.constantFrom('exponential', 'fixed'),
      delayMs: fc.constantFrom(0, 10, 30),
      maxDelayMs: fc.constantFrom(25, 1_000),
    }),
    { nil: undefined, freq: 4 },
  ),
  taskTimeoutMs: attemptTimeout,
  idempotency: seldom(
    fc.record({
      key: fc.constantFrom('k', 'l'),
      digest: fc.constantFrom('1', '1', '2'),
      forMs: fc.constantFrom(undefined, undefined, 30),
    }),
  ),
  unique: fc.option(unique, { nil: undefined, freq: 4 }),
  tasks: fc.array(task, { maxLength: mostTasks }),
  edges,
})

export const jobPlan: fc.Arbitrary<JobPlan> = fields.map(({ edges, unique, tasks, ...plan }) => {
  const linked = tasks.map((task, index): TaskPlan => ({ ...task, after: afterOf(edges, index) }))
  return {
    ...plan,
    // What no client may ask for: nothing could decide a race of no tasks, and no more can succeed than there are.
    tasks: plan.mode === 'race' && linked.length === 0 ? [{ ...idle, after: [] }] : linked,
    quorum: Math.max(1, Math.min(plan.quorum, linked.length)),
    unique:
      unique &&
      (typeof unique.by === 'number'
        ? { key: unique.key, states: [], forMs: unique.by }
        : { key: unique.key, states: unique.by, forMs: undefined }),
  }
})

const idle = { queue: 'a', acts: [], delayMs: 0, timeoutMs: undefined, attempts: undefined }

const afterOf = (edges: readonly (undefined | 'succeeded' | 'ended')[], later: number) =>
  Array.from({ length: later }, (_, task) => ({ task, on: edges[(later * (later - 1)) / 2 + task] })).flatMap(
    ({ task, on }) => (on === undefined ? [] : [{ task, on }]),
  )
