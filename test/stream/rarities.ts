import type { End } from './cluster.ts'
import type { Filter } from './lines/line.ts'
import type { Action, JobPlan, Since, Step, TaskPlan } from './plan.ts'

const join = (since: Since, filter: Filter = {}, reader = 0): Step => ({
  do: 'join',
  reader,
  job: 0,
  since,
  filter,
})
const act = (action: Action): Step => ({ do: 'act', action, job: 0, waits: true })
const look: Step = { do: 'look' }

const quick: TaskPlan = { bytes: 10, fails: 0, holds: false, tells: false, after: undefined }
const six = (task: Partial<TaskPlan>): Step => ({
  do: 'submit',
  plan: { ...all, tasks: Array(6).fill({ ...quick, ...task }) },
})
const all: Omit<JobPlan, 'tasks'> = { mode: 'allSettled', concurrency: undefined, sealed: true }

/** More than a page of the log, in messages that are more than wait for one reader, and a server that ends before they are read. */
const overwhelmed = (end: End): Step[] => [
  { do: 'overwhelm', tasks: 600, concurrency: 2, reader: 0, goes: true },
  { do: 'overwhelm', tasks: 250, concurrency: 50, reader: 0, goes: false },
  { do: 'restart', node: 0, end },
  { do: 'return', reader: 0 },
  join(0),
  look,
]

/** A job that goes before it was read to its end. */
const gone: Step[] = [
  { do: 'overwhelm', tasks: 250, concurrency: 50, reader: 0, goes: false },
  act('seal'),
  act('delete'),
]

/** A job that moves in the same commits in which tasks of it end, while more and more readers come to it. */
const moving: Step[] = [
  { do: 'flood', tasks: 300, concurrency: 50, holds: false },
  join(0),
  ...Array.from({ length: 3 }, () => [act('pause'), look, act('resume'), join(0), join('now')]).flat(),
]

/** A job that is joined at each seq of it. */
const everywhere: Step[] = [six({}), join(0), look, ...Array.from({ length: 13 }, (_, n) => join(n / 12))]

/** A job that ends by being cancelled, and again after it was taken up. */
const twice: Step[] = [
  six({ holds: true }),
  join(0),
  { do: 'let on', count: 2 },
  act('cancel'),
  look,
  act('retry'),
  { do: 'return', reader: 0 },
  look,
  act('cancel'),
]

/** A job of which each reader wants something else. */
const filtered: Step[] = [
  six({ holds: true }),
  ...(
    [
      { output: false },
      { keys: ['t1'] },
      {},
      { states: ['succeeded'] },
      { keys: ['t2'], output: false },
    ] as const
  ).map((filter, reader) => join(0, filter, reader)),
  look,
  { do: 'let on', count: 3 },
  look,
]

/**
 * What is so seldom in random histories, or takes so long, that it is tried for itself; where servers are slow to start, only
 * what is about their end, or about what is on its way to another process.
 */
export const rarities = (ends: readonly End[], filters: boolean): [Step[]][] => {
  if (ends.includes('kill')) return [[overwhelmed('kill')], [moving]]
  const all = [overwhelmed('stop'), gone, moving, everywhere, twice, ...(filters ? [filtered] : [])]
  return all.map((steps) => [steps])
}
