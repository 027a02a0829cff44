import { describe, expect, test } from 'bun:test'
import type { ResultView } from '../../src/job/wire.ts'
import { indexes, openResults, startHeld } from './result-lines.ts'
import { type AppRig, echoing, failing, holding, startApp } from './rig.ts'

const inInputOrder = async (rig: AppRig, id: string): Promise<ResultView[]> =>
  (await (await rig.get(`/jobs/${id}/results`)).json()).data

describe('with order=completion, results', () => {
  test('come as tasks end, in the order in which they do, and are over when the job is', async () => {
    await using rig = await startApp()
    const { id, runs } = await startHeld(rig, 3)
    const lines = await openResults(rig, id, 'order=completion')
    runs[2]?.succeed('last first')
    expect(await lines.next()).toMatchObject({ index: 2, state: 'succeeded', output: 'last first' })
    runs[0]?.fail(false)
    expect(await lines.next()).toMatchObject({
      index: 0,
      state: 'failed',
      error: { code: 'unexpected_status' },
    })
    runs[1]?.succeed()
    expect(await lines.next()).toMatchObject({ index: 1 })
    expect(await lines.next()).toBeUndefined()
    expect(rig.streams.size).toBe(0)
    expect(rig.clock.pending).toBe(0)
  })

  test('are the same as in input order, each with its seq', async () => {
    await using rig = await startApp()
    const { id } = await rig.run([{ ...echoing('x'.repeat(20_000)), key: 'long' }, failing(), echoing(null)])
    const results = await (await openResults(rig, id, 'order=completion')).rest()
    const seqs = results.map(({ seq }) => seq ?? 0)
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
    const whole = await inInputOrder(rig, id)
    const bare = results.map(({ seq: _, ...result }) => result).toSorted((a, b) => a.index - b.index)
    expect(bare).toEqual(whole)
  })

  test('go on after a seq', async () => {
    await using rig = await startApp()
    const { id, runs } = await startHeld(rig, 4)
    const first = await openResults(rig, id, 'order=completion')
    runs[3]?.succeed()
    runs[1]?.succeed()
    const seen = await first.take(2)
    await first.leave()
    const again = await openResults(rig, id, `order=completion&after=${seen[0]?.seq}`)
    expect(await again.next()).toEqual(seen[1])
    runs[0]?.succeed()
    runs[2]?.succeed()
    expect(indexes(await again.rest()).toSorted()).toEqual([0, 2])
    const { seq } = await rig.read(id)
    expect(await (await openResults(rig, id, `order=completion&after=${seq}`)).rest()).toEqual([])
  })

  test('of an open job come as tasks are added, until it is sealed and they have ended', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([echoing(0)], { sealed: false })
    const lines = await openResults(rig, id, 'order=completion')
    expect(await lines.next()).toMatchObject({ index: 0 })
    await rig.post(`/jobs/${id}/tasks`, { tasks: [echoing(1), echoing(2)] })
    expect(await lines.take(2)).toMatchObject([{ output: 1 }, { output: 2 }])
    await rig.post(`/jobs/${id}/seal`)
    expect(await lines.next()).toBeUndefined()
  })

  test('of a job that is cancelled are those of its cancelled tasks, too', async () => {
    await using rig = await startApp({ concurrency: 1 })
    const { id } = await rig.submit([holding(), echoing(), echoing()])
    await rig.runs.nth(1)
    const lines = await openResults(rig, id, 'order=completion')
    await rig.post(`/jobs/${id}/cancel`)
    const results = await lines.rest()
    expect(results.map(({ state }) => state)).toEqual(['cancelled', 'cancelled', 'cancelled'])
    expect(indexes(results).toSorted()).toEqual([0, 1, 2])
  })

  test('of tasks that are taken up again on the way come once more when these end', async () => {
    await using rig = await startApp()
    const { id, runs } = await startHeld(rig, 2)
    const lines = await openResults(rig, id, 'order=completion')
    runs[0]?.fail(false)
    const failed = await lines.next()
    expect(failed).toMatchObject({ index: 0, state: 'failed' })
    runs[1]?.succeed()
    while ((await rig.read(id)).state !== 'succeeded') await rig.clock.advance(0)
    await rig.post(`/jobs/${id}/retry`)
    const again = await rig.runs.nth(3)
    const succeeded = lines.take(2)
    again.succeed()
    expect(await succeeded).toMatchObject([{ index: 1 }, { index: 0, state: 'succeeded', attempt: 2 }])
    expect(await lines.next()).toBeUndefined()
  })

  test('are read from the store as they are taken', async () => {
    await using rig = await startApp({ maxBodyBytes: 50_000_000 })
    const { id } = await rig.run(Array.from({ length: 60 }, () => echoing('x'.repeat(100_000))))
    const pages: number[] = []
    const { ends } = rig.engine.store
    rig.engine.store.ends = async (...args) => {
      const page = await ends.apply(rig.engine.store, args)
      pages.push(page?.tasks.length ?? 0)
      return page
    }
    const lines = await openResults(rig, id, 'order=completion')
    expect(pages).toEqual([])
    await lines.take(1)
    expect(pages).toHaveLength(1)
    expect(await lines.rest()).toHaveLength(59)
    // 1 MiB of outputs, and the one with which it is reached.
    expect(Math.max(...pages)).toBeLessThanOrEqual(11)
  })

  test('come as JSON and as CSV, too', async () => {
    await using rig = await startApp()
    const { id, runs } = await startHeld(rig, 2)
    const json = await rig.get(`/jobs/${id}/results?order=completion`)
    const csv = await rig.get(`/jobs/${id}/results?order=completion&format=csv`)
    runs[1]?.succeed(1)
    runs[0]?.succeed(0)
    const { data, next } = await json.json()
    expect(next).toBeNull()
    expect(indexes(data)).toEqual([1, 0])
    expect(await csv.text()).toBe(
      `index,key,state,attempt,output,error,seq\r\n1,,succeeded,1,1,,${data[0].seq}\r\n0,,succeeded,1,0,,${data[1].seq}\r\n`,
    )
  })
})

describe('with order=input, results', () => {
  test('come each as soon as all before it have ended', async () => {
    await using rig = await startApp()
    const { id, runs } = await startHeld(rig, 4)
    const lines = await openResults(rig, id, 'order=input')
    runs[1]?.succeed('b')
    runs[0]?.succeed('a')
    expect(await lines.take(2)).toEqual([
      { index: 0, state: 'succeeded', attempt: 1, output: 'a' },
      { index: 1, state: 'succeeded', attempt: 1, output: 'b' },
    ])
    runs[3]?.succeed('d')
    runs[2]?.succeed('c')
    expect(indexes(await lines.rest())).toEqual([2, 3])
  })

  test('are looked for one at a time while one has not ended, however many end behind it', async () => {
    await using rig = await startApp()
    const { id, runs } = await startHeld(rig, 40)
    const lines = await openResults(rig, id, 'order=input')
    const all = lines.rest()
    await rig.clock.advance(0)
    let looked = 0
    const { tasks } = rig.engine.store
    rig.engine.store.tasks = async (...args) => {
      const page = await tasks.apply(rig.engine.store, args)
      looked += page.data.length
      return page
    }
    for (const run of runs.slice(1)) {
      run.succeed()
      await rig.clock.advance(0)
    }
    expect(looked).toBeGreaterThan(0)
    expect(looked).toBeLessThanOrEqual(40)
    runs[0]?.succeed()
    expect(indexes(await all)).toEqual(runs.map((_, index) => index))
  })

  test('begin at an index, with and without it', async () => {
    await using rig = await startApp()
    const { id } = await rig.run(Array.from({ length: 40 }, (_, index) => echoing(index)))
    const whole = await inInputOrder(rig, id)
    for (const from of [0, 1, 17, 39, 40])
      for (const query of [`from=${from}`, `order=input&from=${from}`])
        expect(await (await openResults(rig, id, query)).rest()).toEqual(whole.slice(from))
  })

  test('of an open job come until it is sealed', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([echoing(0)], { sealed: false })
    const lines = await openResults(rig, id, 'order=input')
    expect(await lines.next()).toMatchObject({ index: 0 })
    await rig.post(`/jobs/${id}/tasks`, { tasks: [echoing(1)], seal: true })
    expect(indexes(await lines.rest())).toEqual([1])
  })

  test('are cut short when the job is taken up again, as they are not told twice', async () => {
    await using rig = await startApp()
    const { id } = await rig.run([...Array.from({ length: 50 }, () => echoing()), failing()])
    const lines = await openResults(rig, id, 'order=input')
    await lines.take(1)
    await rig.post(`/jobs/${id}/retry`)
    await expect(lines.rest()).rejects.toThrow('taken up again')
  })
})
