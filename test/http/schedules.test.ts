import { describe, expect, test } from 'bun:test'
import type { JobView } from '../../src/job/wire.ts'
import type { ScheduleView } from '../../src/kinds/schedule.ts'
import { type AppRig, type AppRigOptions, echoing, problemOf, startApp } from './rig.ts'

const json = { 'content-type': 'application/json' }
const put = (rig: AppRig, id: string, spec: object, headers = {}) =>
  rig.send('PUT', `/schedules/${id}`, JSON.stringify(spec), { ...json, ...headers })
const hourly = { cron: '0 * * * *', job: { tasks: [echoing()] } }

/** The fake clock stands at the new year of 2026. */
const start = (options?: AppRigOptions) => startApp(options)

const read = async (rig: AppRig, id: string): Promise<ScheduleView> => {
  const response = await rig.get(`/schedules/${id}`)
  expect(response.status).toBe(200)
  return response.json()
}

describe('POST /schedules', () => {
  test('creates a schedule under an id of the server’s, and says where it is', async () => {
    await using rig = await start()
    const spec = {
      name: 'nightly',
      cron: '0 3 * * *',
      timeZone: 'Europe/Berlin',
      missed: 'once',
      overlap: 'skip',
      job: { name: 'report', tasks: [echoing()] },
    }
    const response = await rig.post('/schedules', spec)
    expect(response.status).toBe(201)
    const view: ScheduleView = await response.json()
    expect(response.headers.get('location')).toBe(`/schedules/${view.id}`)
    expect<unknown>(view).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      ...spec,
      nextAt: '2026-01-01T02:00:00.000Z',
      upcoming: [1, 2, 3, 4, 5].map((day) => `2026-01-0${day}T02:00:00.000Z`),
      createdAt: '2026-01-01T00:00:00.000Z',
      updatedAt: '2026-01-01T00:00:00.000Z',
    })
    expect(await read(rig, view.id)).toEqual(view)
  })

  test('names every field that is wrong, those of the job too', async () => {
    await using rig = await start()
    const spec = { cron: '0 0 30 2 *', timeZone: 'UTC', job: { tasks: [{ kind: 'sleep', ms: -1 }] } }
    const problem = await problemOf(await rig.post('/schedules', spec))
    expect(problem).toMatchObject({ status: 422, code: 'invalid' })
    expect(problem.errors).toEqual([
      { field: 'cron', message: 'Expected "cron" to match a time that is still to come, got "0 0 30 2 *".' },
      { field: 'job.tasks[0].ms', message: expect.stringContaining('Expected "job.tasks[0].ms"') },
    ])
  })

  test.each<[string, BodyInit, Record<string, string>, number]>([
    ['no JSON', '{', json, 400],
    ['another type', 'a,b', { 'content-type': 'text/csv' }, 415],
    ['too much', `"${'x'.repeat(1_000_001)}"`, json, 413],
    ['no schedule', '[]', json, 422],
  ])('refuses %s', async (_, body, headers, status) => {
    await using rig = await start()
    expect((await problemOf(await rig.send('POST', '/schedules', body, headers))).status).toBe(status)
  })
})

describe('PUT /schedules/:schedule', () => {
  test('creates one under an id of one’s own, and changes nothing when it is sent again', async () => {
    await using rig = await start()
    const created = await put(rig, 'nightly.v1', hourly)
    expect([created.status, created.headers.get('location')]).toEqual([201, '/schedules/nightly.v1'])
    const again = await put(rig, 'nightly.v1', hourly)
    expect([again.status, again.headers.get('location')]).toEqual([200, null])
    const { updatedAt: _, ...view }: ScheduleView = await again.json()
    expect(await created.json()).toMatchObject(view)
  })

  test('keeps the history of what it replaces', async () => {
    await using rig = await start()
    await put(rig, 's', hourly)
    await rig.clock.advance(3_600_000)
    const before = await read(rig, 's')
    const after: ScheduleView = await (await put(rig, 's', { ...hourly, cron: '30 * * * *' })).json()
    expect(after).toMatchObject({
      lastAt: before.lastAt,
      lastJob: before.lastJob,
      createdAt: before.createdAt,
    })
    expect(after.nextAt).toBe('2026-01-01T01:30:00.000Z')
  })

  test.each(['a%20b', 'ä', 'x'.repeat(101), '%2e%2e%2fx'])('refuses the id %s', async (id) => {
    await using rig = await start()
    const { code, errors } = await problemOf(await put(rig, id, hourly))
    expect([code, errors?.[0]?.field]).toEqual(['invalid', 'id'])
  })
})

describe('GET /schedules', () => {
  test('lists them by id, a page at a time, each once', async () => {
    await using rig = await start()
    for (const id of ['c', 'a', 'e', 'b', 'd']) await put(rig, id, hourly)
    const seen: string[] = []
    let query = '?limit=2'
    for (let pages = 0; pages < 3; pages += 1) {
      const { data, next }: { data: ScheduleView[]; next: string | null } = await (
        await rig.get(`/schedules${query}`)
      ).json()
      seen.push(...data.map(({ id }) => id))
      query = `?limit=2&cursor=${next}`
      expect(next === null).toBe(pages === 2)
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  test('refuses what is no cursor of it, and a page that is too long', async () => {
    await using rig = await start()
    for (const query of ['cursor=x', 'limit=101', 'limit=0', 'state=running'])
      expect((await problemOf(await rig.get(`/schedules?${query}`))).code).toBe('invalid')
  })
})

describe('what is done to a schedule', () => {
  test('it is paused and resumed', async () => {
    await using rig = await start()
    await put(rig, 's', hourly)
    const paused = await rig.post('/schedules/s/pause')
    expect(await paused.json()).toMatchObject({
      pausedAt: '2026-01-01T00:00:00.000Z',
      nextAt: null,
      upcoming: [],
    })
    await rig.clock.advance(7_000_000)
    const resumed: ScheduleView = await (await rig.post('/schedules/s/resume')).json()
    expect(resumed.nextAt).toBe('2026-01-01T02:00:00.000Z')
    expect(resumed.pausedAt).toBeUndefined()
    expect((await rig.get('/schedules/s/jobs')).json()).resolves.toEqual({ data: [], next: null })
  })

  test('it is run, and its job knows whose it is', async () => {
    await using rig = await start()
    await put(rig, 's', { ...hourly, paused: true })
    const response = await rig.post('/schedules/s/run')
    expect(response.status).toBe(202)
    const job: JobView = await response.json()
    expect(response.headers.get('location')).toBe(`/jobs/${job.id}`)
    expect(job).toMatchObject({ schedule: 's', counts: { total: 1 } })
    expect(await rig.read(job.id)).toMatchObject({ schedule: 's' })
    expect(await read(rig, 's')).toMatchObject({ lastJob: job.id, nextAt: null })
  })

  test('it is run again while there is a job of its unique key, and that is the answer', async () => {
    await using rig = await start()
    const job = { tasks: [{ kind: 'sleep', ms: 1 }], unique: { key: 'k' } }
    await put(rig, 's', { cron: '@daily', job })
    const [first, second] = [await rig.post('/schedules/s/run'), await rig.post('/schedules/s/run')]
    expect([first.status, second.status]).toEqual([202, 200])
    expect(second.headers.get('location')).toBe(first.headers.get('location'))
    const run = await rig.runs.nth(1)
    run.succeed()
  })

  test('it is deleted, and its jobs stay', async () => {
    await using rig = await start()
    await put(rig, 's', hourly)
    const job: JobView = await (await rig.post('/schedules/s/run')).json()
    expect((await rig.send('DELETE', '/schedules/s')).status).toBe(204)
    expect((await problemOf(await rig.send('DELETE', '/schedules/s'))).code).toBe('not_found')
    expect(await rig.read(job.id)).toMatchObject({ schedule: 's' })
  })

  test.each([
    ['GET', ''],
    ['GET', '/jobs'],
    ['DELETE', ''],
    ['POST', '/pause'],
    ['POST', '/resume'],
    ['POST', '/run'],
  ])('%s of one that is not there (%j) is not found', async (method, path) => {
    await using rig = await start()
    for (const id of ['none', '%20', 'a%2Fb'])
      expect(await problemOf(await rig.send(method, `/schedules/${id}${path}`))).toMatchObject({
        status: 404,
        detail: `There is no schedule ${JSON.stringify(decodeURIComponent(id))}.`,
      })
  })
})

test('the jobs of a schedule are listed newest first, by page and by state', async () => {
  await using rig = await start()
  await put(rig, 's', hourly)
  await put(rig, 'other', hourly)
  await rig.clock.advance(3 * 3_600_000)
  const { data, next } = await (await rig.get('/schedules/s/jobs?limit=2')).json()
  expect(data.map(({ createdAt }: JobView) => createdAt)).toEqual([
    '2026-01-01T03:00:00.000Z',
    '2026-01-01T02:00:00.000Z',
  ])
  const rest = await (await rig.get(`/schedules/s/jobs?limit=2&cursor=${next}`)).json()
  expect(rest).toMatchObject({ data: [{ createdAt: '2026-01-01T01:00:00.000Z', schedule: 's' }], next: null })
  expect((await (await rig.get('/schedules/s/jobs?state=failed')).json()).data).toEqual([])
  expect((await (await rig.get('/jobs?schedule=s')).json()).data).toHaveLength(3)
  expect((await problemOf(await rig.get('/schedules/s/jobs?state=tired'))).code).toBe('invalid')
})

test('whoever may read sees schedules, and whoever may submit changes them', async () => {
  const [reader, submitter] = ['reader-0123456789', 'submit-0123456789']
  await using rig = await start({ tokens: `read:${reader},submit:${submitter}` })
  const as = (secret: string) => ({ authorization: `Bearer ${secret}` })
  expect((await put(rig, 's', hourly, as(reader))).status).toBe(403)
  expect((await put(rig, 's', hourly, as(submitter))).status).toBe(201)
  expect((await rig.get('/schedules/s', as(reader))).status).toBe(200)
  expect((await rig.post('/schedules/s/run', undefined, as(reader))).status).toBe(403)
  expect((await rig.get('/schedules/s')).status).toBe(401)
  const record = await rig.engine.store.schedule('s')
  expect(record?.owner).toMatch(/^[0-9a-f]{16}$/)
})
