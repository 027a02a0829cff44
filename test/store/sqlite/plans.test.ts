import { afterAll, describe, expect, test } from 'bun:test'
import type { JobQuery } from '../../../src/store/store.ts'
import { indexOf, openPlanner, type Plan, slowSteps } from './plan.ts'

const planner = openPlanner()
afterAll(planner.close)
const partial = planner.indexes()
const slow = (plan: Plan) => slowSteps(plan, partial)

/** Read whole when a server starts: what was set for queues, and what they did lately. `lastJob` reads one row for each table. */
const readWhole = ['limits', 'queueStates', 'starts', 'owners', 'lastJob']

/** Reads a job's tasks in the order of its primary key, from the start, up to a limit, and deletes what it read or some of it. */
const readsFromTheStart = ['lastToPurge', 'oldestDeliveries']

const plans = planner.statements()

const queries: Omit<JobQuery, 'limit'>[] = [undefined, 5].flatMap((before) =>
  [undefined, 'running' as const].flatMap((state) =>
    [undefined, 'enrich'].flatMap((name) =>
      [undefined, ['team', 'growth'] as const].flatMap((label) =>
        [undefined, 'nightly'].map((schedule) => ({ before, state, name, label, schedule })),
      ),
    ),
  ),
)

describe('every statement is served by an index', () => {
  test('there are statements to look at', () => {
    expect(plans.size).toBeGreaterThan(40)
    expect([...plans.keys()]).toContain('tasksIn.running')
  })

  test.each([...plans.keys()].filter((name) => ![...readsFromTheStart, ...readWhole].includes(name)))(
    '%s',
    (name) => {
      expect(slow(plans.get(name) ?? [])).toEqual([])
    },
  )

  test.each(readsFromTheStart)('%s, but for the order it reads in', (name) => {
    expect(slow(plans.get(name) ?? [])).toEqual([
      'SEARCH sheaf_tasks USING INDEX sqlite_autoindex_sheaf_tasks_1 (job=?)',
    ])
  })

  test.each(queries.map((query) => [JSON.stringify(query), query] as const))(
    'jobs, found by %s',
    (_, query) => {
      const plan = planner.find(query)
      expect(plan).not.toEqual([])
      expect(slow(plan)).toEqual([])
    },
  )
})

test('the log is read from the seq that is given, however long it is before that', () => {
  expect(planner.beginsWhereGiven('changes')).toBe(true)
})

test('every index serves a statement: an index that none reads only costs writes', () => {
  const read = new Set([...plans.values(), ...queries.map(planner.find)].flat().map(indexOf))
  expect([...partial.keys()].filter((name) => !read.has(name))).toEqual([])
})

describe('the check sees', () => {
  test.each([
    ['a table read whole', 'select * from sheaf_tasks'],
    ['a table read whole, in the order of its key', 'select * from sheaf_jobs order by number limit ?'],
    ['a condition that no index serves', 'select * from sheaf_jobs where priority = ?'],
    ['an index that holds the whole table', 'select * from sheaf_jobs indexed by sheaf_jobs_by_state'],
    ['a job read whole', "select * from sheaf_tasks where job = ? and state = 3 and output like 'x%'"],
    ['a sort', 'select * from sheaf_tasks where job = ? and idx > ? order by input'],
    [
      'a scan inside a subquery',
      'select * from sheaf_jobs where number in (select job from sheaf_labels where value = ?)',
    ],
    ['an update that looks everywhere', 'update sheaf_tasks set state = 1 where queue = ?'],
  ])('%s', (_, query) => {
    expect(slow(planner.explain(query))).not.toEqual([])
  })

  test.each([
    ['a row found by its key', 'select * from sheaf_tasks where job = ? and idx = ?'],
    ['a partial index read whole', 'select * from sheaf_tasks where state = 2'],
    [
      'what a subquery found',
      'select max(idx) from (select idx from sheaf_tasks where job = ? and idx > ? limit ?)',
    ],
    ['no table at all', 'select 1'],
  ])('no fault in %s', (_, query) => {
    expect(slow(planner.explain(query))).toEqual([])
  })
})
