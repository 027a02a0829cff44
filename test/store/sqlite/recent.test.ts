import { describe, expect, test } from 'bun:test'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { RecentJobs } from '../../../src/store/sqlite/recent.ts'
import type { OpenJob } from '../../../src/store/sqlite/rows.ts'
import type { JobChange } from '../../../src/store/store.ts'
import { jobIn, newJob } from '../../support/jobs.ts'
import { Driver } from '../driver.ts'

const { submitted } = await openSqlite({ file: ':memory:' }).commit(
  { submissions: [newJob()], settlements: [], actions: [], claim: 0 },
  0,
)
// A store gives what it works with itself.
const made = jobIn(submitted[0]) as OpenJob

const jobOf = (
  number: number,
  { running = 0, template }: { running?: number; template?: string } = {},
): OpenJob => ({
  ...made,
  number,
  id: `job ${number}`,
  counts: { ...made.counts, running },
  template,
})

const none: ReadonlyMap<number, JobChange> = new Map()

describe('jobs that were used last', () => {
  test('are found by id, and copied by number', () => {
    const recent = new RecentJobs()
    const job = jobOf(1)
    recent.add(job)
    expect(recent.byId('job 1')).toBe(job)
    const copy = recent.copyOf(1)
    expect(copy).toEqual(job)
    expect(copy?.counts).not.toBe(job.counts)
  })

  test('are so many at most, and the one that was used least lately goes', () => {
    const recent = new RecentJobs(2)
    for (const number of [1, 2]) recent.add(jobOf(number))
    recent.byId('job 1')
    recent.add(jobOf(3))
    expect([1, 2, 3].map((number) => recent.byId(`job ${number}`)?.number)).toEqual([1, undefined, 3])
    expect(recent.size).toBe(2)
  })

  test('are those of which tasks run, and those that are known', () => {
    const recent = new RecentJobs()
    recent.add(jobOf(1))
    const ended = jobOf(1)
    recent.take([ended, jobOf(2), jobOf(3, { running: 1 })], none)
    expect(recent.byId('job 1')).toBe(ended)
    expect(recent.byId('job 2')).toBeUndefined()
    expect(recent.byId('job 3')).toBeDefined()
  })

  test('hold no long template', () => {
    const recent = new RecentJobs()
    recent.add(jobOf(1, { template: 'x'.repeat(10_000) }))
    expect(recent.size).toBe(0)
  })
})

test('a job is as it is on disk, whatever became of it since it was read', async () => {
  await using store = Object.assign(openSqlite({ file: ':memory:' }), {
    [Symbol.asyncDispose]: () => store.close(),
  })
  const s = new Driver(store)
  const asked = newJob({ tasks: 2, timeoutMs: 1_000, keepMs: 10 })
  await s.commit({ submissions: [asked] })
  expect((await s.job(asked)).state).toBe('running')
  await s.act('pause', asked)
  expect((await s.job(asked)).state).toBe('paused')
  s.now += 2_000
  await s.commit({})
  expect((await s.job(asked)).outcome).toBe('failed')
  await s.commit({})
  s.now += 20
  await s.commit({})
  expect(await store.job(asked.id)).toBeUndefined()
})
