import { describe, expect, test } from 'bun:test'
import { KeptPages } from '../../src/http/answer/kept-pages.ts'
import { type AppRig, echoing, failing, holding, startApp } from './rig.ts'

const version = (number: number, seq = 1) => ({ number, seq, endpoint: undefined })
const page = 'x'.repeat(1_000)

describe('a page that was asked for', () => {
  test('is there for the same seq and query, and no other', () => {
    const kept = new KeptPages()
    kept.keep(version(1), 'limit=5', page)
    expect(kept.find(version(1), 'limit=5')).toBe(page)
    expect(kept.find(version(1), 'limit=50')).toBeUndefined()
    expect(kept.find(version(1, 2), 'limit=5')).toBeUndefined()
    expect(kept.find(version(11), 'limit=5')).toBeUndefined()
  })

  test('takes the place of what it was before', () => {
    const kept = new KeptPages()
    kept.keep(version(1), '', page)
    const { length } = kept
    kept.keep(version(1, 2), '', page)
    expect(kept.length).toBe(length)
    expect(kept.find(version(1), '')).toBeUndefined()
    expect(kept.find(version(1, 2), '')).toBe(page)
  })

  test('goes when there is no room left, the one that was wanted least lately first', () => {
    const kept = new KeptPages(5_000)
    for (const number of [1, 2, 3, 4]) kept.keep(version(number), '', page)
    kept.find(version(1), '')
    kept.keep(version(5), '', page)
    expect([1, 2, 3, 4, 5].filter((number) => kept.find(version(number), '') !== undefined)).toEqual([
      1, 3, 4, 5,
    ])
    expect(kept.length).toBeLessThanOrEqual(5_000)
  })

  test('is not kept when it would push out most others', () => {
    const kept = new KeptPages(2_000)
    kept.keep(version(1), '', page)
    expect(kept.length).toBe(0)
  })

  test('is not kept of an endpoint of webhooks, whose deliveries are forgotten one by one', () => {
    const kept = new KeptPages()
    kept.keep({ ...version(1), endpoint: 'https://example.com' }, '', page)
    expect(kept.length).toBe(0)
  })
})

/** A page as it is answered, and answered again, beside the same under a query that was not asked before; all of one seq. */
const pages = async (rig: AppRig, id: string, fresh: number) => {
  for (;;) {
    const { seq } = await rig.read(id)
    const read: unknown[] = []
    for (const limit of [100, 100, fresh])
      read.push(await (await rig.get(`/jobs/${id}/tasks?limit=${limit}`)).json())
    if ((await rig.read(id)).seq === seq) return read
  }
}

test('a page shows every change since it was kept', async () => {
  await using rig = await startApp()
  const tasks = [echoing(), failing(), { ...holding(), key: 'held' }, { ...echoing(), after: ['held'] }]
  const { id } = await rig.submit(tasks, { sealed: false })
  const steps: (() => unknown)[] = [
    () => rig.runs.started(1),
    () => rig.post(`/jobs/${id}/tasks`, { tasks: [echoing('added')] }),
    () => rig.post(`/jobs/${id}/pause`),
    () => rig.post(`/jobs/${id}/resume`),
    () => rig.post(`/jobs/${id}/cancel`),
    () => rig.engine.ended(id, 10_000),
    () => rig.post(`/jobs/${id}/retry`),
    () => rig.runs.started(2),
  ]
  const seen = new Set<string>()
  for (const [step, act] of steps.entries()) {
    await act()
    const [first, again, fresh] = await pages(rig, id, 101 + step)
    expect([first, again]).toEqual([fresh, fresh])
    seen.add(JSON.stringify(fresh))
  }
  expect(seen.size).toBeGreaterThan(4)
})
