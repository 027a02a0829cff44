import { describe, expect, test } from 'bun:test'
import type { TaskView } from '../../src/job/wire.ts'
import { type AppRig, echoing, failing, holding, problemOf, startApp } from './rig.ts'

const list = async (
  rig: AppRig,
  id: string,
  query = '',
): Promise<{ data: TaskView[]; next: string | null }> => {
  const response = await rig.get(`/jobs/${id}/tasks${query}`)
  expect(response.status).toBe(200)
  return response.json()
}
const indexes = ({ data }: { data: TaskView[] }) => data.map(({ index }) => index)

describe('GET /jobs/:id/tasks', () => {
  test('lists in input order, a page at a time, each once', async () => {
    await using rig = await startApp()
    const { id } = await rig.run(Array.from({ length: 45 }, (_, index) => echoing(index)))
    const first = await list(rig, id, '?limit=20')
    const second = await list(rig, id, `?limit=20&cursor=${first.next}`)
    const third = await list(rig, id, `?limit=20&cursor=${second.next}`)
    expect([first, second, third].flatMap(indexes)).toEqual(Array.from({ length: 45 }, (_, index) => index))
    expect(third.next).toBeNull()
  })

  test('shows one state', async () => {
    await using rig = await startApp()
    const { id } = await rig.run([echoing(), failing(), echoing(), failing()])
    expect(indexes(await list(rig, id, '?state=failed'))).toEqual([1, 3])
    expect(indexes(await list(rig, id, '?state=failed&limit=1'))).toEqual([1])
    expect(indexes(await list(rig, id, '?state=queued'))).toEqual([])
  })

  test('cuts a page short when its outputs are long, and goes on from there', async () => {
    await using rig = await startApp({ maxBodyBytes: 50_000_000 })
    const long = 'x'.repeat(500_000)
    const { id } = await rig.run(Array.from({ length: 24 }, () => echoing(long)))
    const first = await list(rig, id, '?limit=1000')
    expect(first.data.length).toBeLessThan(24)
    const pages = [first]
    for (let page = first; page.next !== null; pages.push(page))
      page = await list(rig, id, `?limit=1000&cursor=${page.next}`)
    expect(pages.flatMap(indexes)).toEqual(Array.from({ length: 24 }, (_, index) => index))
  })

  test('does not take the cursor of another list', async () => {
    await using rig = await startApp()
    const { id } = await rig.run([])
    await rig.run([])
    const { next } = await (await rig.get('/jobs?limit=1')).json()
    expect((await rig.get(`/jobs/${id}/tasks?cursor=${next}`)).status).toBe(422)
  })
})

describe('GET /jobs/:id/tasks/:task', () => {
  test('finds a task by its index, or by its key', async () => {
    await using rig = await startApp()
    const { id } = await rig.run([echoing('a'), { ...echoing('b'), key: 'users/1 ü' }])
    const byIndex = await (await rig.get(`/jobs/${id}/tasks/1`)).json()
    expect(byIndex).toMatchObject({ index: 1, key: 'users/1 ü', output: 'b' })
    expect(await (await rig.get(`/jobs/${id}/tasks/${encodeURIComponent('users/1 ü')}`)).json()).toEqual(
      byIndex,
    )
    const live = await fetch(`http://${rig.listen()}/jobs/${id}/tasks/${encodeURIComponent('users/1 ü')}`)
    expect(await live.json()).toEqual(byIndex)
  })

  test('shows it whole: what was submitted, and each attempt that failed', async () => {
    await using rig = await startApp()
    const task = { ...holding(), key: 'nap', retry: { attempts: 2, delayMs: 0 }, timeoutMs: 5_000 }
    const { id } = await rig.submit([task])
    ;(await rig.runs.nth(1)).fail()
    ;(await rig.runs.nth(2)).fail()
    await rig.clock.advance(0)
    expect(await (await rig.get(`/jobs/${id}/tasks/nap`)).json()).toEqual({
      index: 0,
      key: 'nap',
      kind: 'sleep',
      queue: expect.any(String),
      state: 'failed',
      attempt: 2,
      seq: expect.any(Number),
      startedAt: '2026-01-01T00:00:00.000Z',
      finishedAt: '2026-01-01T00:00:00.000Z',
      error: expect.objectContaining({ code: 'unexpected_status' }),
      input: task,
      failures: [1, 2].map((attempt) => ({
        attempt,
        startedAt: '2026-01-01T00:00:00.000Z',
        finishedAt: '2026-01-01T00:00:00.000Z',
        error: expect.objectContaining({ message: 'The script says no.' }),
      })),
    })
  })

  test('shows when a task is due that waits for its next attempt', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([{ ...holding(), retry: { delayMs: 60_000, backoff: 'fixed' } }])
    ;(await rig.runs.nth(1)).fail()
    await rig.clock.advance(0)
    const task = await (await rig.get(`/jobs/${id}/tasks/0`)).json()
    expect(task).toMatchObject({ state: 'queued', attempt: 1 })
    expect(task.runAt > '2026-01-01T00:00:00.000Z').toBe(true)
    expect(task).not.toHaveProperty('output')
    await rig.post(`/jobs/${id}/cancel`)
  })

  test.each(['1', '01', '-1', '99999999999', 'nobody', '1.0'])(
    '%s is 404, naming the job and the task',
    async (task) => {
      await using rig = await startApp()
      const { id } = await rig.run([echoing()])
      expect(await problemOf(await rig.get(`/jobs/${id}/tasks/${task}`))).toMatchObject({
        status: 404,
        detail: `Job ${id} has no task "${task}".`,
      })
    },
  )
})
