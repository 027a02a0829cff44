import { describe, expect, test } from 'bun:test'
import { call, each, type ScheduleOptions, type ScheduleView, sleep } from '../../src/client.ts'
import { startApp } from '../http/rig.ts'
import { connect, failOnLeaks } from './support/leaks.ts'
import { startClient } from './support/rig.ts'

failOnLeaks()

const naps: ScheduleOptions = { cron: '0 * * * *', job: { tasks: [sleep(1)] } }

describe('the schedules', () => {
  test('are put with tasks of the helpers, read, listed and removed', async () => {
    await using rig = await startApp()
    const { schedules } = connect(rig.app)
    const view: ScheduleView = await schedules.put('nightly', {
      cron: '0 3 * * *',
      timeZone: 'America/New_York',
      job: { tasks: new Set([call('echo', 7)]), mode: 'all', labels: { team: 'a' } },
    })
    expect(view).toMatchObject({
      id: 'nightly',
      timeZone: 'America/New_York',
      job: { tasks: [{ kind: 'call', handler: 'echo', input: 7 }], mode: 'all', labels: { team: 'a' } },
      nextAt: '2026-01-01T08:00:00.000Z',
    })
    expect(await schedules.get('nightly')).toEqual(view)
    await schedules.put('a', naps)
    const page = await schedules.list({ limit: 1 })
    expect(page.data.map(({ id }) => id)).toEqual(['a'])
    const rest = await schedules.list({ limit: 1, cursor: page.next ?? '' })
    expect([rest.data, rest.next]).toEqual([[view], null])
    await schedules.remove('a')
    await schedules.remove('a')
    expect((await schedules.list()).data).toHaveLength(1)
  })

  test('make a task for each item at each tick', async () => {
    await using rig = await startApp()
    const sheaf = connect(rig.app)
    await sheaf.schedules.put('s', {
      cron: '@hourly',
      job: { tasks: each([1, 2], call('echo', '{{item}}')) },
    })
    await rig.clock.advance(3_600_000)
    const { data } = await sheaf.schedules.jobs('s', { state: 'succeeded' })
    const results = await sheaf.job<[number, number]>(data[0]?.id ?? '').results()
    expect(results.map(({ output }) => output)).toEqual([1, 2])
  })

  test('are paused, resumed and run', async () => {
    await using rig = await startApp()
    const { schedules } = connect(rig.app)
    await schedules.put('s', { cron: '@hourly', job: { tasks: [call('echo', 'now')] } })
    expect((await schedules.pause('s')).nextAt).toBeNull()
    const job = await schedules.run<[string]>('s')
    const [{ output }] = await job.results()
    expect(output).toBe('now')
    expect((await schedules.resume('s')).nextAt).toBe('2026-01-01T01:00:00.000Z')
    expect((await schedules.jobs('s')).data.map(({ id }) => id)).toEqual([job.id])
  })

  test('refuse what is not allowed, and do not find what is not there', async () => {
    await using rig = await startApp()
    const { schedules } = connect(rig.app)
    await expect(schedules.put('s', { ...naps, cron: 'daily' })).rejects.toMatchObject({
      name: 'SheafError',
      code: 'invalid',
      status: 422,
      errors: [{ field: 'cron' }],
    })
    await expect(schedules.put('a b', naps)).rejects.toMatchObject({ code: 'invalid' })
    for (const id of ['none', '..', 'a/b', ''])
      for (const ask of [schedules.get, schedules.pause, schedules.run, schedules.jobs])
        await expect(ask(id)).rejects.toMatchObject({ code: 'not_found', status: 404 })
  })

  test('know the types of what they are told', () => {
    // @ts-expect-error no such policy
    const policy: ScheduleOptions = { ...naps, overlap: 'queue' }
    // @ts-expect-error no such kind
    const kind: ScheduleOptions = { ...naps, job: { tasks: [{ kind: 'dance' }] } }
    // @ts-expect-error a job is needed
    const none: ScheduleOptions = { cron: '@daily' }
    expect([policy, kind, none]).toHaveLength(3)
  })
})

test('what is put is put again when the answer is lost; a run is not run again', async () => {
  const client = startClient({ retryMs: 1_000 })
  const { schedules } = client.sheaf
  const put = schedules.put('s', naps)
  await client.clock.advance(0)
  const bodies: unknown[] = []
  client.answer(async (request) => {
    bodies.push(await request.json())
    return Response.json({ id: 's' })
  })
  await client.clock.advance(1_000)
  expect((await put).id).toBe('s')
  expect(bodies).toEqual([JSON.parse(JSON.stringify(naps))])
  client.answer(async () => {
    throw new TypeError('no network')
  })
  await expect(schedules.run('s')).rejects.toMatchObject({ code: 'unreachable' })
  expect(client.requests.filter((request) => request.endsWith('/run'))).toEqual([
    'POST /base/schedules/s/run',
  ])
  client.expectNothingOpen()
})
