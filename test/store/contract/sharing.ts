import { expect, test } from 'bun:test'
import type { Claim, JobRecord, Settlement } from '../../../src/store/store.ts'
import type { Start } from '../contract.ts'
import { type Driver, gateOf, inQueue, succeeded } from '../driver.ts'

/** Runs so many rounds of a queue that has room for `room` tasks; says how many of them each job got. */
const share = async (
  s: Driver,
  rounds: number,
  room: number,
  jobs: readonly JobRecord[],
): Promise<number[]> => {
  const got: Claim[] = []
  let settlements: Settlement[] = []
  for (let round = 0; round < rounds; round += 1) {
    const { claimed } = await s.commit({ settlements, claim: 100, gate: gateOf({ q: room }), opened: ['q'] })
    settlements = claimed.map((claim) => ({ claim, result: succeeded }))
    got.push(...claimed)
  }
  await s.commit({ settlements })
  return jobs.map(({ id }) => got.filter(({ jobId }) => jobId === id).length)
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)

/** Jobs in turn for a queue with less room than each of them could use. */
export const sharing = (start: Start) => {
  test.each([1, 2, 5])('jobs of one priority get the same of a queue of room %d', async (room) => {
    const s = await start()
    const jobs = []
    for (let i = 0; i < 3; i += 1) jobs.push(await s.submit({ tasks: inQueue('q', 1_000) }))
    const got = await share(s, 60, room, jobs)
    expect(sum(got)).toBe(60 * room)
    for (const count of got) expect(Math.abs(count - 20 * room)).toBeLessThanOrEqual(2 * room)
  })

  test.each([
    [1, 2],
    [2, 4],
    [5, 8],
    [40, 16],
  ])('jobs share a queue of room %d by priority: 9 gets nine times what 1 gets', async (room, most) => {
    const s = await start()
    const jobs = []
    for (const priority of [1, 9]) jobs.push(await s.submit({ tasks: inQueue('q', 1_000), priority }))
    const [low = 0, high = 0] = await share(s, 400 / room, room, jobs)
    expect(low + high).toBe(400)
    expect(Math.abs(low - 40)).toBeLessThanOrEqual(most)
  })

  test('a job that comes late to a queue waits for its turn, and no longer', async () => {
    const s = await start()
    const early = await s.submit({ tasks: inQueue('q', 1_000) })
    await share(s, 100, 1, [early])
    const late = await s.submit({ tasks: inQueue('q', 1_000) })
    const got = await share(s, 40, 1, [early, late])
    expect(sum(got)).toBe(40)
    expect(Math.abs((got[0] ?? 0) - 20)).toBeLessThanOrEqual(2)
  })

  test('a job that comes back to a queue after a pause neither makes up for it nor waits for it', async () => {
    const s = await start()
    const jobs = [
      await s.submit({ tasks: inQueue('q', 1_000) }),
      await s.submit({ tasks: inQueue('q', 1_000) }),
    ] as const
    await share(s, 20, 1, jobs)
    await s.act('pause', jobs[0])
    await share(s, 60, 1, jobs)
    await s.act('resume', jobs[0])
    const [back = 0, stayed = 0] = await share(s, 40, 1, jobs)
    expect(back + stayed).toBe(40)
    expect(Math.abs(back - stayed)).toBeLessThanOrEqual(4)
  })

  test.each([
    [1, 5],
    [2, 20],
  ])('a stream of small jobs does not keep a large one from a queue of room %d', async (room, least) => {
    const s = await start()
    const large = await s.submit({ tasks: inQueue('q', 100) })
    let got = 0
    for (let round = 0; round < 40; round += 1) {
      await s.submit({ tasks: inQueue('q', 1) })
      got += (await share(s, 1, room, [large]))[0] ?? 0
    }
    expect(got).toBeGreaterThanOrEqual(least)
  })

  test('a large job does not keep small ones from their share of a queue', async () => {
    const s = await start()
    const large = await s.submit({ tasks: inQueue('q', 1_000), priority: 9 })
    await share(s, 50, 1, [large])
    const small = []
    for (let i = 0; i < 5; i += 1) small.push(await s.submit({ tasks: inQueue('q', 1) }))
    expect(await share(s, 30, 1, small)).toEqual([1, 1, 1, 1, 1])
  })

  test('after a restart a new job shares a queue with those that waited before', async () => {
    const s = await start()
    const old = await s.submit({ tasks: inQueue('q', 1_000) })
    await share(s, 100, 1, [old])
    await s.reopen()
    await s.store.rescue(s.now, 9)
    const late = await s.submit({ tasks: inQueue('q', 1_000) })
    const got = await share(s, 40, 1, [old, late])
    expect(sum(got)).toBe(40)
    expect(Math.abs((got[0] ?? 0) - 20)).toBeLessThanOrEqual(4)
  })

  test('a job that waited for a queue has no more than its share of everything else when that opens', async () => {
    const s = await start()
    const held = await s.submit({ tasks: inQueue('q', 2_000) })
    const busy = await s.submit({ tasks: 2_000 })
    await s.commit({ claim: 1, gate: gateOf({ q: 0 }) })
    for (let round = 0; round < 10; round += 1) await s.commit({ claim: 100, gate: gateOf({ q: 0 }) })
    const before = (await s.job(busy)).counts.running
    for (let round = 0; round < 10; round += 1) await s.commit({ claim: 40, opened: ['q'] })
    const got = [(await s.job(held)).counts.running, (await s.job(busy)).counts.running - before]
    expect(sum(got)).toBe(400)
    for (const count of got) expect(Math.abs(count - 200)).toBeLessThanOrEqual(64)
  })

  test('after a restart a new job shares everything else with those that waited for a queue', async () => {
    const s = await start()
    const old = await s.submit({
      tasks: [...inQueue('q', 101), ...Array.from({ length: 400 }, () => ({ runAt: s.now + 1 }))],
    })
    await share(s, 100, 1, [old])
    await s.reopen()
    await s.store.rescue(s.now, 9)
    const late = await s.submit({ tasks: 1_000 })
    s.now += 1
    const claimed: Claim[] = []
    for (let round = 0; round < 25; round += 1) claimed.push(...(await s.claim(8)))
    const got = [old, late].map(({ id }) => claimed.filter(({ jobId }) => jobId === id).length)
    expect(sum(got)).toBe(200)
    expect(Math.min(...got)).toBeGreaterThan(60)
  })
}
