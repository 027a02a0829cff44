import { describe, expect, test } from 'bun:test'
import { echoing, holding, problemOf, startApp } from './rig.ts'

describe('a job with a delay', () => {
  test.each([{ delayMs: 60_000 }, { runAt: '2026-01-01T00:01:00Z' }])(
    'of %j starts when it is over',
    async (delay) => {
      await using rig = await startApp()
      const job = await rig.submit([holding()], delay)
      expect(job).toMatchObject({
        state: 'scheduled',
        runAt: '2026-01-01T00:01:00.000Z',
        createdAt: '2026-01-01T00:00:00.000Z',
        startedAt: null,
      })
      await rig.clock.advance(59_999)
      expect(rig.runs.runs.length).toBe(0)
      expect(await rig.read(job.id)).toMatchObject({ state: 'scheduled' })
      await rig.clock.advance(1)
      const run = await rig.runs.nth(1)
      const running = await rig.read(job.id)
      expect(running).toMatchObject({ state: 'running', startedAt: '2026-01-01T00:01:00.000Z' })
      expect(running).not.toHaveProperty('runAt')
      run.succeed()
    },
  )

  test('that is over already starts at once', async () => {
    await using rig = await startApp()
    const job = await rig.run([echoing(1)], { runAt: '2001-01-01T00:00:00Z' })
    expect(job).toMatchObject({ state: 'succeeded' })
    expect(job).not.toHaveProperty('runAt')
  })

  test('can be cancelled before, and is found by its state until then', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding()], { delayMs: 60_000 })
    const scheduled = async () => (await (await rig.get('/jobs?state=scheduled')).json()).data.length
    expect(await scheduled()).toBe(1)
    const response = await rig.post(`/jobs/${id}/cancel`)
    expect(await response.json()).toMatchObject({ state: 'cancelled', counts: { cancelled: 1 } })
    expect(await scheduled()).toBe(0)
    await rig.clock.advance(60_000)
    expect(rig.runs.runs.length).toBe(0)
  })

  test.each([
    ['pause', 'Expected a job that is running to pause, got one that is scheduled.'],
    ['resume', 'Expected a job that is paused to resume, got one that is scheduled.'],
    [
      'retry',
      'Expected a job that has ended with failed or cancelled tasks to retry, got one that is scheduled.',
    ],
  ])('cannot be asked to %s before', async (action, detail) => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding()], { delayMs: 60_000 })
    expect(await problemOf(await rig.post(`/jobs/${id}/${action}`))).toMatchObject({ status: 409, detail })
    await rig.post(`/jobs/${id}/cancel`)
  })
})

describe('a task with a delay', () => {
  test('starts when that is over, and says when', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding(), { ...holding(), delayMs: 5_000 }])
    ;(await rig.runs.nth(1)).succeed()
    await rig.clock.advance(4_999)
    expect(await (await rig.get(`/jobs/${id}/tasks/1`)).json()).toMatchObject({
      state: 'queued',
      runAt: '2026-01-01T00:00:05.000Z',
    })
    expect(rig.runs.runs.length).toBe(1)
    await rig.clock.advance(1)
    ;(await rig.runs.nth(2)).succeed()
    await rig.clock.advance(0)
    expect(await rig.read(id)).toMatchObject({ state: 'succeeded' })
  })

  test('waits from the start of a job that is delayed itself', async () => {
    await using rig = await startApp()
    await rig.submit([{ ...holding(), delayMs: 1_000 }], { delayMs: 1_000 })
    await rig.clock.advance(1_999)
    expect(rig.runs.runs.length).toBe(0)
    await rig.clock.advance(1)
    ;(await rig.runs.nth(1)).succeed()
  })

  test('that comes after another waits for both', async () => {
    await using rig = await startApp()
    const late = { ...holding(), delayMs: 1_000, after: [0] }
    await rig.submit([holding(), late])
    await rig.clock.advance(500)
    ;(await rig.runs.nth(1)).succeed()
    await rig.clock.advance(499)
    expect(rig.runs.runs.length).toBe(1)
    await rig.clock.advance(1)
    ;(await rig.runs.nth(2)).succeed()
  })
})
