import { describe, expect, test } from 'bun:test'
import { Probe } from '../engine/kit/probe.ts'
import { echoing, holding, problemOf, startApp } from './rig.ts'

describe('POST /jobs', () => {
  test('answers 202 with the job, and says where it is', async () => {
    await using rig = await startApp()
    const response = await rig.post('/jobs', {
      name: 'naps',
      tasks: [holding(), holding()],
      labels: { team: 'night' },
    })
    expect(response.status).toBe(202)
    const job = await response.json()
    expect(job).toMatchObject({
      name: 'naps',
      mode: 'allSettled',
      labels: { team: 'night' },
      counts: { total: 2 },
    })
    expect(response.headers.get('location')).toBe(`/jobs/${job.id}`)
    expect(await rig.read(job.id)).toMatchObject({ id: job.id, createdAt: '2026-01-01T00:00:00.000Z' })
    for (const run of await rig.runs.started(2)) run.succeed()
  })

  test('takes a job of no tasks', async () => {
    await using rig = await startApp()
    expect(await rig.run([])).toMatchObject({ state: 'succeeded', progress: 1 })
  })

  test('is refused with 503 and Retry-After while the server stops', async () => {
    await using rig = await startApp()
    await rig.engine.stop()
    const response = await rig.post('/jobs', { tasks: [] })
    expect(await problemOf(response)).toMatchObject({ code: 'unavailable' })
    expect(response.headers.get('retry-after')).toBe('1')
  })

  test('is refused with 503 when the database cannot be written, and keeps nothing', async () => {
    let full = true
    await using rig = await startApp({
      wrap: (store) => {
        const probe = new Probe(store)
        probe.beforeCommit = () => {
          if (full) throw new Error('SQLITE_FULL: database or disk is full at /var/secret.db')
        }
        return probe
      },
    })
    const response = await rig.post('/jobs', { tasks: [echoing()] })
    expect(await problemOf(response)).toMatchObject({
      code: 'unavailable',
      detail: expect.not.stringContaining('/var'),
    })
    full = false
    await rig.clock.advance(1_000)
    expect(await (await rig.get('/jobs')).json()).toEqual({ data: [], next: null })
  })
})

describe('an Idempotency-Key', () => {
  const key = { 'idempotency-key': 'order 7' }

  test('gives the same job for the same body, and says that it does', async () => {
    await using rig = await startApp()
    const body = { tasks: [echoing(1)] }
    const first = await rig.post('/jobs', body, key)
    const second = await rig.post('/jobs', body, key)
    expect(first.headers.has('idempotent-replayed')).toBe(false)
    expect(second.status).toBe(202)
    expect(second.headers.get('idempotent-replayed')).toBe('true')
    expect(second.headers.get('location')).toBe(first.headers.get('location'))
    expect((await second.json()).id).toBe((await first.json()).id)
    expect((await (await rig.get('/jobs')).json()).data).toHaveLength(1)
  })

  test('gives one job to requests that come at once', async () => {
    await using rig = await startApp()
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => rig.post('/jobs', { tasks: [] }, key)),
    )
    expect(new Set(responses.map(({ headers }) => headers.get('location'))).size).toBe(1)
    expect(responses.filter(({ headers }) => headers.has('idempotent-replayed'))).toHaveLength(19)
  })

  test('is refused with another body, naming the job that has it', async () => {
    await using rig = await startApp()
    const { id } = await (await rig.post('/jobs', { tasks: [] }, key)).json()
    const problem = await problemOf(await rig.post('/jobs', { tasks: [echoing()] }, key))
    expect(problem.code).toBe('idempotency_mismatch')
    expect(problem.detail).toContain(id)
    expect(problem.status).toBe(422)
  })

  test.each(['', 'x'.repeat(256), 'naïve'])('is refused as %j', async (text) => {
    await using rig = await startApp()
    expect(
      await problemOf(await rig.post('/jobs', { tasks: [] }, { 'idempotency-key': text })),
    ).toMatchObject({
      code: 'invalid',
      detail: expect.stringContaining(
        'Expected "Idempotency-Key" to be 1 to 255 printable ASCII characters, got "',
      ),
    })
  })
})

describe('Prefer: wait', () => {
  const wait = { prefer: 'wait=5' }

  test('answers 200 with the job when it ends in time', async () => {
    await using rig = await startApp()
    const waiting = rig.post('/jobs', { tasks: [holding()] }, wait)
    ;(await rig.runs.nth(1)).succeed()
    const response = await waiting
    expect(response.status).toBe(200)
    expect(response.headers.get('preference-applied')).toBe('wait=5')
    expect(await response.json()).toMatchObject({ state: 'succeeded' })
  })

  test('answers 202 with the job as it stands when it does not', async () => {
    await using rig = await startApp()
    const waiting = rig.post('/jobs', { tasks: [holding()] }, wait)
    const run = await rig.runs.nth(1)
    await rig.clock.advance(5_000)
    const response = await waiting
    expect(response.status).toBe(202)
    expect(await response.json()).toMatchObject({ state: 'running' })
    run.succeed()
  })

  test('waits a minute at most', async () => {
    await using rig = await startApp()
    const waiting = rig.post('/jobs', { tasks: [holding()] }, { prefer: 'respond-async, wait=86400' })
    const run = await rig.runs.nth(1)
    await rig.clock.advance(60_000)
    expect((await waiting).headers.get('preference-applied')).toBe('wait=60')
    run.succeed()
  })

  test('is ignored when it cannot be read, as the RFC asks', async () => {
    await using rig = await startApp()
    const response = await rig.post('/jobs', { tasks: [] }, { prefer: 'wait=soon; return=minimal' })
    expect(response.status).toBe(202)
    expect(response.headers.has('preference-applied')).toBe(false)
  })
})
