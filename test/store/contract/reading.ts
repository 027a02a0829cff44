import { expect, test } from 'bun:test'
import { taskStates } from '../../../src/job/state.ts'
import type { JobQuery, JobRecord, TaskQuery } from '../../../src/store/store.ts'
import type { Start } from '../contract.ts'
import { type Driver, failed, indexesOf, succeeded } from '../driver.ts'

const unknown = '01990000-0000-7000-8000-ffffffffffff'

/** Every page of a list, joined; `limit` items a page. */
const pageJobs = async (s: Driver, query: Omit<JobQuery, 'limit'>, limit: number): Promise<string[]> => {
  const ids: string[] = []
  for (let before = query.before; ; ) {
    const { data, next } = await s.store.jobs({ ...query, before, limit })
    ids.push(...data.map(({ id }) => id))
    expect(data.length).toBeLessThanOrEqual(limit)
    if (next === undefined) return ids
    expect(data).toHaveLength(limit)
    before = next
  }
}

const pageTasks = async (s: Driver, job: JobRecord, query: Omit<TaskQuery, 'limit'>, limit: number) => {
  const indexes: number[] = []
  for (let from = query.from; ; ) {
    const { data, next } = await s.store.tasks(job, { ...query, from, limit })
    indexes.push(...indexesOf(data))
    if (next === undefined) return indexes
    expect(data).toHaveLength(limit)
    from = next
  }
}

/** A job of `count` tasks: the first claimed, every third of them failed, every fifth left running, the rest queued. */
const mixed = async (s: Driver, count: number) => {
  const job = await s.submit({ tasks: count })
  const claimed = await s.claim(Math.ceil(count * 0.8))
  await s.commit({
    settlements: claimed
      .filter(({ index }) => index % 5 !== 0)
      .map((claim) => ({ claim, result: claim.index % 3 === 0 ? failed : succeeded })),
  })
  return s.job(job)
}

export const reading = (start: Start) => {
  test('what does not exist is undefined, and an empty list is a list', async () => {
    const s = await start()
    expect(await s.store.job(unknown)).toBeUndefined()
    expect(await s.store.jobs({ limit: 10 })).toEqual({ data: [], next: undefined })
    const job = await s.submit({ tasks: [{ key: 'k' }] })
    expect(await s.store.task(job, { index: 1 })).toBeUndefined()
    expect(await s.store.task(job, { key: 'other' })).toBeUndefined()
    expect(await s.store.failures(job, 0)).toEqual([])
    expect(await s.store.tasks(job, { state: 'failed', limit: 10 })).toEqual({ data: [], next: undefined })
    expect(await s.store.tasks(job, { from: 1, limit: 10 })).toEqual({ data: [], next: undefined })
  })

  test('a task is found by its index and by its key, and is the same', async () => {
    const s = await start()
    const job = await s.submit({ tasks: [{}, { key: 'user', queue: 'http:a.test' }] })
    const task = await s.store.task(job, { key: 'user' })
    expect(task).toMatchObject({ index: 1, key: 'user', queue: 'http:a.test' })
    expect(await s.store.task(job, { index: 1 })).toEqual(task)
    expect((await s.tasks(job))[1]).toEqual(task as NonNullable<typeof task>)
  })

  test('jobs come newest first, whatever is asked for and however many a page', async () => {
    const s = await start()
    const jobs: JobRecord[] = []
    for (let i = 0; i < 12; i += 1)
      jobs.push(
        await s.submit({
          ...(i % 2 === 0 && { name: 'even' }),
          labels: { team: i % 3 === 0 ? 'growth' : 'core', n: String(i) },
          tasks: i % 4 === 0 ? 0 : 1,
        }),
      )
    const idsOf = (keep: (i: number) => boolean) => jobs.filter((_, i) => keep(i)).map(({ id }) => id)
    const cases: [query: Omit<JobQuery, 'limit'>, keep: (i: number) => boolean][] = [
      [{}, () => true],
      [{ name: 'even' }, (i) => i % 2 === 0],
      [{ name: 'odd' }, () => false],
      [{ state: 'running' }, (i) => i % 4 !== 0],
      [{ state: 'succeeded' }, (i) => i % 4 === 0],
      [{ label: ['team', 'growth'] }, (i) => i % 3 === 0],
      [{ label: ['n', '7'] }, (i) => i === 7],
      [{ label: ['team', '7'] }, () => false],
      [{ state: 'running', name: 'even' }, (i) => i % 4 === 2],
      [{ state: 'running', name: 'even', label: ['team', 'core'] }, (i) => i % 4 === 2 && i % 3 !== 0],
    ]
    for (const [query, keep] of cases)
      for (const limit of [1, 2, 5, 12, 100])
        expect(await pageJobs(s, query, limit)).toEqual(idsOf(keep).toReversed())
  })

  test('a job submitted while a list is read does not shift its pages', async () => {
    const s = await start()
    const [a, b, c] = [await s.submit(), await s.submit(), await s.submit()]
    const first = await s.store.jobs({ limit: 2 })
    expect(first.data.map(({ id }) => id)).toEqual([c.id, b.id])
    await s.submit()
    const second = await s.store.jobs({ before: first.next, limit: 2 })
    expect(second).toMatchObject({ data: [{ id: a.id }], next: undefined })
  })

  test('tasks come in input order, in every state and however many a page', async () => {
    const s = await start()
    const job = await mixed(s, 40)
    const rows = await s.tasks(job)
    expect(indexesOf(rows)).toEqual(Array.from({ length: 40 }, (_, i) => i))
    for (const state of [undefined, ...taskStates])
      for (const limit of [1, 3, 40, 100])
        for (const from of [undefined, 0, 7, 39]) {
          const wanted = rows.filter((row) => row.index >= (from ?? 0) && (!state || row.state === state))
          expect(await pageTasks(s, job, { state, from }, limit)).toEqual(indexesOf(wanted))
        }
  })

  test('a few tasks of a state are found among very many of another', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 30_000 })
    const claims = await s.claim(25_000)
    const last = claims.slice(-2)
    await s.commit({ settlements: last.map((claim) => ({ claim, result: succeeded })) })
    const running = await s.job(job)
    expect(await s.store.tasks(running, { state: 'succeeded', limit: 5 })).toMatchObject({
      data: [{ index: 24_998 }, { index: 24_999 }],
      next: undefined,
    })
    const queued = await s.store.tasks(running, { state: 'queued', limit: 3 })
    expect(indexesOf(queued.data)).toEqual([25_000, 25_001, 25_002])
    expect(queued.next).toBe(25_003)
  })
}
