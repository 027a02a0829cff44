import { expect, test } from 'bun:test'
import { largestEventOutput } from '../../../src/job/events.ts'
import { hasEnded } from '../../../src/job/state.ts'
import type { AttemptResult, JobRecord, TaskEnd } from '../../../src/store/store.ts'
import type { Start } from '../contract.ts'
import { broken, type Driver, failed, succeeded } from '../driver.ts'

const results: readonly AttemptResult[] = [succeeded, failed, { type: 'retry', error: broken, runAt: 0 }]
const plenty = 1_000_000

/** Ends the tasks of a job in turns: the last claimed first, one of three for another try. */
const history = async (s: Driver): Promise<JobRecord> => {
  const job = await s.submit({ tasks: Array.from({ length: 12 }, (_, i) => (i % 2 ? { key: `k${i}` } : {})) })
  for (const count of [5, 4]) {
    const claimed = (await s.claim(count)).toReversed()
    const settlements = claimed.map((claim, i) => ({ claim, result: results[i % 3] ?? failed }))
    await s.commit({ settlements })
  }
  await s.claim(2)
  return job
}

/** What the rows say has ended, in the order in which it did. */
const endedOf = async (s: Driver, job: JobRecord): Promise<TaskEnd[]> =>
  (await s.tasks(job))
    .flatMap(({ index, key, state, attempt, seq, output, error }) =>
      hasEnded(state) ? { index, key, state, attempt, seq, output, error } : [],
    )
    .toSorted((a, b) => a.seq - b.seq)

const readAll = async (s: Driver, { id }: JobRecord, after: number, limit: number, bytes = plenty) => {
  const read: TaskEnd[] = []
  for (let cursor = after; ; ) {
    const page = await s.store.ends(id, { after: cursor, limit, bytes })
    if (page === undefined) throw new Error('Expected a job')
    expect(page.tasks.length).toBeLessThanOrEqual(limit)
    expect(page.job).toEqual(await s.job({ id }))
    expect(page.seq).toBeGreaterThanOrEqual(page.tasks.at(-1)?.seq ?? cursor)
    expect(page.seq).toBeLessThanOrEqual(page.job.seq)
    read.push(...page.tasks)
    if (!page.more) return read
    expect(page.seq).toBeGreaterThan(cursor)
    cursor = page.seq
  }
}

export const ending = (start: Start) => {
  test('read from any seq and in any portions, ends come as the rows have them, in order, and nothing else', async () => {
    const s = await start()
    const job = await history(s)
    const ended = await endedOf(s, job)
    expect(ended.map(({ state }) => state)).toContain('failed')
    const { seq } = await s.job(job)
    for (let after = 0; after <= seq; after += 1)
      for (const limit of [1, 2, 3, 100])
        expect(await readAll(s, job, after, limit)).toEqual(ended.filter((end) => end.seq > after))
  })

  test('what ends later is past the seq up to which was read', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 3 })
    const [first, second] = await s.claim(2)
    if (first && second) await s.settle(second, succeeded)
    const before = await s.store.ends(job.id, { after: 0, limit: 10, bytes: plenty })
    expect(before).toMatchObject({ more: false, tasks: [{ index: second?.index ?? 1 }] })
    if (first) await s.settle(first, failed)
    await s.runAll()
    const rest = await readAll(s, job, before?.seq ?? 0, 10)
    expect(rest.map(({ index }) => index)).toEqual([0, 2])
  })

  test('a task that was taken up again comes with its latest end only', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 2 })
    await s.runAll(failed)
    const { seq } = await s.job(job)
    await s.act('retry', job)
    expect(await readAll(s, job, 0, 10)).toEqual([])
    await s.runAll(succeeded)
    const ends = await readAll(s, job, 0, 10)
    expect(ends.map(({ state }) => state)).toEqual(['succeeded', 'succeeded'])
    expect(await readAll(s, job, seq, 10)).toEqual(ends)
  })

  test('outputs are whole, however large, and a page is over once it has enough of them', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 5 })
    const sizes = [10, largestEventOutput + 1, 100_000, 10, 100_000]
    const outputs = sizes.map((size) => JSON.stringify('é'.repeat(size)))
    const settlements = (await s.claim()).map((claim, i) => ({
      claim,
      result: { type: 'succeeded' as const, output: outputs[i] ?? '' },
    }))
    await s.commit({ settlements })
    const page = await s.store.ends(job.id, { after: 0, limit: 10, bytes: 200_000 })
    expect(page).toMatchObject({ more: true })
    expect(page?.tasks.map(({ output }) => output)).toEqual(outputs.slice(0, 3))
    expect((await readAll(s, job, 0, 10, 1)).map(({ output }) => output)).toEqual(outputs)
  })

  test('of a job that does not exist there is nothing', async () => {
    const s = await start()
    const query = { after: 0, limit: 10, bytes: plenty }
    expect(await s.store.ends('01990000-0000-7000-8000-ffffffffffff', query)).toBeUndefined()
  })
}
