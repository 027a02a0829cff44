import { describe, expect, test } from 'bun:test'
import type { JobView } from '../../src/job/wire.ts'
import { type AppRig, echoing, failing, holding, problemOf, startApp } from './rig.ts'

const list = async (rig: AppRig, query = ''): Promise<{ data: JobView[]; next: string | null }> => {
  const response = await rig.get(`/jobs${query}`)
  expect(response.status).toBe(200)
  return response.json()
}
const names = ({ data }: { data: JobView[] }) => data.map(({ name }) => name)

describe('GET /jobs', () => {
  test('lists the newest first, a page at a time, each once', async () => {
    await using rig = await startApp()
    for (const name of ['a', 'b', 'c', 'd', 'e']) await rig.run([], { name })
    const first = await list(rig, '?limit=2')
    expect(names(first)).toEqual(['e', 'd'])
    // A job that comes in between moves nothing.
    await rig.run([], { name: 'f' })
    const second = await list(rig, `?limit=2&cursor=${first.next}`)
    const third = await list(rig, `?limit=2&cursor=${second.next}`)
    expect(names(second)).toEqual(['c', 'b'])
    expect(names(third)).toEqual(['a'])
    expect(third.next).toBeNull()
  })

  test('shows fifty unless it is asked for more', async () => {
    await using rig = await startApp()
    await Promise.all(Array.from({ length: 60 }, () => rig.submit([])))
    expect((await list(rig)).data).toHaveLength(50)
    expect((await list(rig, '?limit=1000')).data).toHaveLength(60)
  })

  test('finds by state, by name and by label, alone and together', async () => {
    await using rig = await startApp()
    await rig.run([], { name: 'a', labels: { team: 'x', at: '10:30' } })
    await rig.run([], { name: 'b', labels: { team: 'y' } })
    await rig.submit([holding()], { name: 'b', labels: { team: 'x' } })
    const run = await rig.runs.nth(1)
    expect(names(await list(rig, '?state=running'))).toEqual(['b'])
    expect(names(await list(rig, '?name=b'))).toEqual(['b', 'b'])
    expect(names(await list(rig, '?label=team:x'))).toEqual(['b', 'a'])
    expect(names(await list(rig, '?label=at:10:30'))).toEqual(['a'])
    expect(names(await list(rig, '?label=team:x&state=succeeded'))).toEqual(['a'])
    expect(names(await list(rig, '?name=c'))).toEqual([])
    run.succeed()
  })
})

describe('GET /jobs/:id', () => {
  test('shows the job as it stands, whatever the case of its id', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding(), echoing()])
    const run = await rig.runs.nth(1)
    await rig.clock.advance(0)
    const job = await rig.read(id.toUpperCase())
    expect(job).toMatchObject({
      id,
      state: 'running',
      progress: 0.5,
      counts: { total: 2, running: 1, succeeded: 1 },
    })
    expect(job.finishedAt).toBeNull()
    run.succeed()
  })
})

describe('an action', () => {
  const post = (rig: AppRig, id: string, action: string) => rig.post(`/jobs/${id}/${action}`)

  test('pauses a job, and resumes it', async () => {
    await using rig = await startApp({ concurrency: 1 })
    const { id } = await rig.submit([holding(), holding()])
    const first = await rig.runs.nth(1)
    expect(await (await post(rig, id, 'pause')).json()).toMatchObject({ id, state: 'paused' })
    first.succeed()
    await rig.clock.advance(0)
    expect(rig.runs.runs).toHaveLength(1)
    expect(await (await post(rig, id, 'resume')).json()).toMatchObject({ id, state: 'running' })
    ;(await rig.runs.nth(2)).succeed()
  })

  test('cancels a job', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    expect(await (await post(rig, id, 'cancel')).json()).toMatchObject({ outcome: 'cancelled' })
    run.succeed()
    await rig.clock.advance(0)
    expect(await rig.read(id)).toMatchObject({ state: 'cancelled' })
  })

  test('runs what failed again', async () => {
    await using rig = await startApp()
    const { id } = await rig.run([failing(), echoing()], { mode: 'all' })
    expect(await (await post(rig, id, 'retry')).json()).toMatchObject({ id, state: 'running' })
  })

  test.each([
    ['cancel', 'Expected a job that is scheduled, running or paused to cancel, got one that is succeeded.'],
    ['pause', 'Expected a job that is running to pause, got one that is succeeded.'],
    ['resume', 'Expected a job that is paused to resume, got one that is succeeded.'],
    [
      'retry',
      'Expected a job that has ended with failed or cancelled tasks to retry, got one that is succeeded.',
    ],
  ])('%s is 409 where the state does not allow it, naming the state', async (action, detail) => {
    await using rig = await startApp()
    const { id } = await rig.run([])
    expect(await problemOf(await post(rig, id, action))).toMatchObject({
      status: 409,
      code: 'conflict',
      detail,
    })
  })
})

describe('DELETE /jobs/:id', () => {
  test('deletes an ended job with everything of it', async () => {
    await using rig = await startApp()
    const { id } = await rig.run([echoing()])
    const response = await rig.send('DELETE', `/jobs/${id}`)
    expect(response.status).toBe(204)
    expect(await response.text()).toBe('')
    for (const path of ['', '/tasks', '/tasks/0', '/results', '/events'])
      expect((await rig.get(`/jobs/${id}${path}`)).status).toBe(404)
    expect((await rig.send('DELETE', `/jobs/${id}`)).status).toBe(404)
  })

  test('is 409 for one that has not ended', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    expect(await problemOf(await rig.send('DELETE', `/jobs/${id}`))).toMatchObject({
      status: 409,
      detail: 'Expected a job that has ended to delete, got one that is running.',
    })
    run.succeed()
  })
})
