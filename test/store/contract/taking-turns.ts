import { expect, test } from 'bun:test'
import type { JobRecord } from '../../../src/store/store.ts'
import type { Start } from '../contract.ts'
import { type Driver, succeeded } from '../driver.ts'

/** Claims `limit` tasks, runs them, and says how many each job got. */
const serve = async (s: Driver, limit: number, jobs: readonly JobRecord[]): Promise<number[]> => {
  const claimed = await s.claim(limit)
  await s.commit({ settlements: claimed.map((claim) => ({ claim, result: succeeded })) })
  return jobs.map(({ id }) => claimed.filter(({ jobId }) => jobId === id).length)
}

/** How many tasks each job got in so many rounds. */
const share = async (s: Driver, rounds: number, limit: number, jobs: readonly JobRecord[]) => {
  const got = jobs.map(() => 0)
  for (let round = 0; round < rounds; round += 1)
    for (const [i, count] of (await serve(s, limit, jobs)).entries()) got[i] = (got[i] ?? 0) + count
  return got
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)

export const takingTurns = (start: Start) => {
  test.each([4, 16, 64, 256])(
    'a late small job is through in a moment beside a large one, %d at a time',
    async (limit) => {
      const s = await start()
      const large = await s.submit({ tasks: 10_000 })
      await share(s, 4, limit, [large])
      const small = await s.submit({ tasks: 10 })
      const rounds = Math.ceil(20 / limit) + 1
      const got = await share(s, rounds, limit, [large, small])
      expect(got).toEqual([rounds * limit - 10, 10])
    },
  )

  test('a large job gets everything while it is alone', async () => {
    const s = await start()
    const large = await s.submit({ tasks: 1_000 })
    expect(await serve(s, 600, [large])).toEqual([600])
    expect(await serve(s, 600, [large])).toEqual([400])
  })

  test('jobs of one priority get the same, in whatever portions tasks are claimed', async () => {
    const s = await start()
    const jobs = []
    for (let i = 0; i < 3; i += 1) jobs.push(await s.submit({ tasks: 2_000 }))
    for (const limit of [1, 7, 40]) {
      const got = await share(s, 60, limit, jobs)
      expect(sum(got)).toBe(60 * limit)
      for (const count of got) expect(Math.abs(count - 20 * limit)).toBeLessThanOrEqual(32)
    }
  })

  test('jobs share by priority: 9 gets nine times what 1 gets', async () => {
    const s = await start()
    const jobs = []
    for (const priority of [1, 5, 9]) jobs.push(await s.submit({ tasks: 4_000, priority }))
    const got = await share(s, 100, 30, jobs)
    expect(sum(got)).toBe(3_000)
    for (const [i, weight] of [1, 5, 9].entries()) {
      const fair = (3_000 * weight) / 15
      expect(Math.abs((got[i] ?? 0) - fair)).toBeLessThanOrEqual(32)
    }
  })

  test('a new job waits no longer for its turn because others share unequally', async () => {
    const s = await start()
    for (const priority of [1, 9]) await s.submit({ tasks: 4_000, priority })
    for (let i = 0; i < 12; i += 1) {
      await serve(s, 16, [])
      const late = await s.submit({ tasks: 1 })
      expect(await share(s, 4, 16, [late])).toEqual([1])
    }
  })

  test('many jobs of one task are served in the order they came, beside a large one', async () => {
    const s = await start()
    const large = await s.submit({ tasks: 5_000 })
    await serve(s, 100, [large])
    const small: JobRecord[] = []
    for (let i = 0; i < 100; i += 1) small.push(await s.submit())
    const served: string[] = []
    for (let round = 0; served.length < 100 && round < 20; round += 1) {
      const claimed = await s.claim(40)
      expect(claimed).toHaveLength(40)
      await s.commit({ settlements: claimed.map((claim) => ({ claim, result: succeeded })) })
      served.push(...claimed.flatMap(({ jobId }) => (jobId === large.id ? [] : jobId)))
    }
    expect(served).toEqual(small.map(({ id }) => id))
  })

  test('a stream of late jobs does not keep an early one from its turn', async () => {
    const s = await start()
    const early = await s.submit({ tasks: 200 })
    await serve(s, 20, [early])
    let got = 0
    for (let round = 0; round < 20; round += 1) {
      for (let i = 0; i < 4; i += 1) await s.submit({ tasks: 10 })
      got += (await serve(s, 20, [early]))[0] ?? 0
    }
    expect(got).toBeGreaterThan(0)
  })

  test('a job that comes back from a pause neither makes up for it nor waits for it', async () => {
    const s = await start()
    const jobs = [await s.submit({ tasks: 5_000 }), await s.submit({ tasks: 5_000 })] as const
    await share(s, 5, 40, jobs)
    await s.act('pause', jobs[0])
    await share(s, 40, 40, jobs)
    await s.act('resume', jobs[0])
    const [back = 0, stayed = 0] = await share(s, 10, 40, jobs)
    expect(back + stayed).toBe(400)
    expect(Math.abs(back - stayed)).toBeLessThanOrEqual(64)
  })

  test('after a rescue a new job shares with those that ran before', async () => {
    const s = await start()
    const old = await s.submit({ tasks: 6_000, concurrency: 100 })
    await share(s, 50, 100, [old])
    await s.claim()
    await s.store.rescue(s.now, 9)
    const late = await s.submit({ tasks: 500 })
    const got = await share(s, 20, 8, [old, late])
    expect(sum(got)).toBe(160)
    expect(Math.min(...got)).toBeGreaterThan(60)
  })
}
