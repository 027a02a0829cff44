import fc from 'fast-check'
import type { Mode } from '../../src/job/modes.ts'
import type { TaskState } from '../../src/job/state.ts'
import type { End } from './cluster.ts'
import type { Filter } from './lines/line.ts'

export interface TaskPlan {
  /** How long its output is: from 16 KiB on it is left out of events. */
  bytes: number
  fails: number | 'for good'
  /** Whether each attempt waits until it is let on. */
  holds: boolean
  /** Whether it tells how far it is. */
  tells: boolean
  /** Which of the tasks before it, counted backwards, it comes after. */
  after: number | undefined
}

export interface JobPlan {
  mode: Mode
  concurrency: number | undefined
  sealed: boolean
  tasks: readonly TaskPlan[]
}

/** Where a reader begins: a share of all that has happened, or a snapshot of now. */
export type Since = number | 'now'

/** Which job or reader a step is about: the n-th, counted round and round. */
type Nth = number

export type Action = 'cancel' | 'pause' | 'resume' | 'retry' | 'seal' | 'delete'

/** One step of a history. */
export type Step =
  | { do: 'submit'; plan: JobPlan }
  /** A job of many tasks, whose outputs are as long as an event may carry. */
  | { do: 'flood'; tasks: number; concurrency: number; holds: boolean }
  /** The same, of which somebody reads nothing until all have ended, and reads on then, or later. More tasks may come. */
  | { do: 'overwhelm'; tasks: number; concurrency: number; reader: Nth; goes: boolean }
  | { do: 'add'; job: Nth; tasks: readonly TaskPlan[]; seal: boolean }
  | { do: 'let on'; count: number }
  /** `waits` for the answer, or goes on at once. */
  | { do: 'act'; action: Action; job: Nth; waits: boolean }
  | { do: 'join'; reader: Nth; job: Nth; since: Since; filter: Filter }
  | { do: 'hold' | 'go' | 'return'; reader: Nth }
  | { do: 'drop'; reader: Nth; how: 'politely' | 'rudely' }
  | { do: 'leave one'; reader: Nth; follow: Nth }
  /** Everybody who reads has to come to where things stand, and know what there is to know. */
  | { do: 'look' }
  | { do: 'pass turns'; count: number }
  | { do: 'restart'; node: Nth; end: End }

const nth = fc.nat({ max: 20 })
/** Of a flood: whether it comes in many small messages, or in a few large ones. */
const concurrency = fc.constantFrom(2, 50)

const task: fc.Arbitrary<TaskPlan> = fc.record({
  bytes: fc.constantFrom(0, 0, 10, 2_000, 16_000, 20_000),
  fails: fc.constantFrom(0, 0, 0, 1, 1, 2, 'for good' as const),
  holds: fc.boolean(),
  tells: fc.constantFrom(false, false, true),
  after: fc.option(fc.nat({ max: 3 }), { nil: undefined, freq: 3 }),
})
const tasks = fc.array(task, { minLength: 1, maxLength: 12, size: 'max' })

const plan: fc.Arbitrary<JobPlan> = fc.record({
  mode: fc.constantFrom('allSettled', 'allSettled', 'all', 'any', 'race'),
  concurrency: fc.option(fc.constantFrom(1, 2, 5), { nil: undefined, freq: 2 }),
  sealed: fc.constantFrom(true, true, true, false),
  tasks,
})

const since: fc.Arbitrary<Since> = fc.oneof(
  fc.constantFrom(0, 0, 1, 'now' as const),
  fc.double({ min: 0, max: 1, noNaN: true }),
)

const states: readonly TaskState[] = ['queued', 'running', 'succeeded', 'failed', 'cancelled']
const filters: fc.Arbitrary<Filter> = fc.record(
  {
    states: fc.subarray([...states], { minLength: 1 }),
    keys: fc.subarray(['t0', 't1', 't2', 't5', 'none'], { minLength: 1 }),
    output: fc.constant(false as const),
  },
  { requiredKeys: [] },
)

const act = (actions: readonly Action[]): fc.Arbitrary<Step> =>
  fc.record({
    do: fc.constant('act' as const),
    action: fc.constantFrom(...actions),
    job: nth,
    waits: fc.boolean(),
  })

export interface Possible {
  ends: readonly End[]
  /** Whether the transport can ask for a part of what there is. */
  filters: boolean
}

/** Steps, in the proportions in which they make the most of a history. */
const stepOf = ({ ends, filters: canFilter }: Possible): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('submit' as const), plan }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('flood' as const),
        tasks: fc.constantFrom(40, 120),
        concurrency,
        holds: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('overwhelm' as const),
        tasks: fc.constantFrom(10, 50, 330),
        concurrency,
        reader: nth,
        goes: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('add' as const), job: nth, tasks, seal: fc.boolean() }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('let on' as const), count: fc.nat({ max: 30 }) }) },
    { weight: 3, arbitrary: act(['cancel', 'pause', 'resume', 'retry', 'retry', 'seal']) },
    { weight: 1, arbitrary: act(['retry', 'delete']) },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('join' as const),
        reader: nth,
        job: nth,
        since,
        filter: canFilter
          ? fc.oneof(fc.constant<Filter>({}), fc.constant<Filter>({}), filters)
          : fc.constant<Filter>({}),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constantFrom('hold' as const, 'go' as const, 'return' as const),
        reader: nth,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('drop' as const),
        reader: nth,
        how: fc.constantFrom('politely' as const, 'rudely' as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('leave one' as const), reader: nth, follow: nth }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('look' as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('pass turns' as const),
        count: fc.integer({ min: 1, max: 12 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('restart' as const), node: nth, end: fc.constantFrom(...ends) }),
    },
  )

const mostSteps = 30

/** Histories; each begins with a job that somebody follows. */
export const histories = (possible: Possible): fc.Arbitrary<Step[]> =>
  fc
    .tuple(plan, fc.array(stepOf(possible), { maxLength: mostSteps, size: 'max' }))
    .map(([plan, steps]) => [
      { do: 'submit', plan },
      { do: 'join', reader: 0, job: 0, since: 0, filter: {} },
      ...steps,
    ])
