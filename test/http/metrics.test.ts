import { describe, expect, test } from 'bun:test'
import { families } from '../../src/http/metrics/families.ts'
import { StoreFault } from '../../src/store/sqlite/faults.ts'
import { Probe } from '../engine/kit/probe.ts'
import { Exposition } from '../support/exposition.ts'
import { type AppRig, echoing, failing, holding, startApp } from './rig.ts'

const scrape = async (rig: Pick<AppRig, 'get'>, headers?: HeadersInit): Promise<Exposition> => {
  const response = await rig.get('/metrics', headers)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  return new Exposition(await response.text())
}

describe('the metrics', () => {
  test('are those that the README lists, with their types, labels and meanings', async () => {
    const readme = await Bun.file(`${import.meta.dir}/../../README.md`).text()
    const table = readme
      .split('| metric | type | labels | meaning |\n|---|---|---|---|\n')[1]
      ?.split('\n\n')[0]
    const rows = families.map(({ name, type, labels = [], help }) => {
      const told = labels.map((label) => `\`${label}\``).join(', ')
      return `| \`${name}\` | ${type} | ${told} | ${help} |`
    })
    expect(table?.split('\n')).toEqual(rows)
  })

  test('have no label that is not declared', async () => {
    await using rig = await startApp()
    await rig.submit([holding()])
    await rig.runs.started(1)
    expect((await rig.get('/jobs/none')).status).toBe(404)
    const seen = await scrape(rig)
    for (const { name, labels = [] } of families) {
      const told = seen.metrics.get(name)?.samples.flatMap((sample) => Object.keys(sample.labels))
      expect(new Set(told).difference(new Set(['le', ...labels]))).toEqual(new Set())
      expect([...new Set(told)]).toEqual(expect.arrayContaining([...labels]))
    }
  })

  test('of a new server are all there, and nothing was counted', async () => {
    await using rig = await startApp()
    const seen = await scrape(rig)
    for (const kind of ['http', 'sleep', 'call', 'sql', 'email', 'webhook'])
      expect(seen.value('sheaf_attempts_total', { kind, result: 'failed' })).toBe(0)
    expect(seen.value('sheaf_jobs_submitted_total')).toBe(0)
    expect(seen.value('sheaf_ready')).toBe(1)
    expect(seen.value('sheaf_concurrency')).toBe(256)
    expect(seen.all('sheaf_build_info')).toMatchObject([{ labels: { bun: Bun.version }, value: 1 }])
  })

  test('count jobs, tasks and attempts by how they ended', async () => {
    await using rig = await startApp()
    await rig.run([echoing(), echoing(), failing()])
    await rig.run([failing()], { mode: 'all' })
    const seen = await scrape(rig)
    expect(seen.value('sheaf_jobs_submitted_total')).toBe(2)
    expect(seen.value('sheaf_jobs_ended_total', { state: 'succeeded' })).toBe(1)
    expect(seen.value('sheaf_jobs_ended_total', { state: 'failed' })).toBe(1)
    expect(seen.value('sheaf_tasks_submitted_total')).toBe(4)
    expect(seen.value('sheaf_tasks_ended_total', { kind: 'call', state: 'succeeded' })).toBe(2)
    expect(seen.value('sheaf_tasks_ended_total', { kind: 'call', state: 'failed' })).toBe(2)
    expect(seen.value('sheaf_attempts_total', { kind: 'call', result: 'succeeded' })).toBe(2)
    expect(seen.value('sheaf_attempts_total', { kind: 'call', result: 'failed' })).toBe(2)
    expect(seen.value('sheaf_attempt_duration_seconds_count', { kind: 'call' })).toBe(4)
    expect(seen.value('sheaf_commit_duration_seconds_count')).toBeGreaterThanOrEqual(2)
    expect(seen.value('sheaf_commit_size_sum')).toBe(2 + 4)
  })

  test('tell retries and snoozes from ends', async () => {
    await using rig = await startApp()
    const job = await rig.submit([holding()])
    ;(await rig.runs.nth(1)).fail()
    await rig.clock.advance(30_000)
    ;(await rig.runs.nth(2)).snooze(1_000)
    await rig.clock.advance(1_000)
    ;(await rig.runs.nth(3)).succeed()
    await rig.engine.ended(job.id, 1)
    const seen = await scrape(rig)
    for (const result of ['retry', 'snooze', 'succeeded'])
      expect(seen.value('sheaf_attempts_total', { kind: 'sleep', result })).toBe(1)
    expect(seen.value('sheaf_tasks_ended_total', { kind: 'sleep', state: 'succeeded' })).toBe(1)
    expect(seen.value('sheaf_attempt_duration_seconds_count', { kind: 'sleep' })).toBe(3)
  })

  test('tell how long attempts took, in seconds', async () => {
    await using rig = await startApp()
    const job = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    await rig.clock.advance(250)
    run.succeed()
    await rig.engine.ended(job.id, 1)
    const seen = await scrape(rig)
    const name = 'sheaf_attempt_duration_seconds'
    expect(seen.value(`${name}_bucket`, { kind: 'sleep', le: '0.1' })).toBe(0)
    expect(seen.value(`${name}_bucket`, { kind: 'sleep', le: '0.25' })).toBe(1)
    expect(seen.value(`${name}_sum`, { kind: 'sleep' })).toBe(0.25)
  })

  test('show what runs and waits, by queue, and who waits for it', async () => {
    await using rig = await startApp({ concurrency: 1 })
    const job = await rig.submit([
      { ...holding(), key: 'first', queue: 'slow' },
      { ...holding(), queue: 'slow' },
      { ...echoing(), queue: 'later', after: ['first'] },
    ])
    const run = await rig.runs.nth(1)
    const waiting = rig.get(`/jobs/${job.id}/results?wait=30`)
    await rig.clock.advance(0)
    const seen = await scrape(rig)
    expect(seen.value('sheaf_tasks_running', { kind: 'sleep' })).toBe(1)
    expect(seen.value('sheaf_tasks_waiting', { state: 'queued' })).toBe(1)
    expect(seen.value('sheaf_tasks_waiting', { state: 'blocked' })).toBe(1)
    expect(seen.value('sheaf_queue_tasks', { queue: 'slow', state: 'running' })).toBe(1)
    expect(seen.value('sheaf_queue_tasks', { queue: 'slow', state: 'queued' })).toBe(1)
    expect(seen.value('sheaf_queue_tasks', { queue: 'later', state: 'blocked' })).toBe(1)
    expect(seen.value('sheaf_waiting_requests')).toBe(1)
    run.succeed()
    ;(await rig.runs.nth(2)).succeed()
    await rig.clock.advance(30_000)
    await waiting
    const after = await scrape(rig)
    expect(after.value('sheaf_tasks_running', { kind: 'sleep' })).toBe(0)
    expect(after.value('sheaf_waiting_requests')).toBe(0)
    expect(after.all('sheaf_queue_tasks')).toEqual([])
  })

  test('tell which queues are held up, and by what', async () => {
    await using rig = await startApp()
    await rig.put('/queues/still', { paused: true })
    await rig.put('/queues/broken', { breaker: { failures: 1, of: 1 } })
    await rig.put('/queues/any-*', { paused: true })
    await rig.submit([
      { ...echoing(), queue: 'still' },
      { ...holding(), queue: 'broken' },
    ])
    ;(await rig.runs.nth(1)).fail()
    await rig.clock.advance(0)
    const seen = await scrape(rig)
    expect(seen.value('sheaf_queues', { status: 'paused' })).toBe(1)
    expect(seen.value('sheaf_queues', { status: 'broken' })).toBe(1)
    expect(seen.value('sheaf_queue_status', { queue: 'broken', status: 'broken' })).toBe(1)
    expect(seen.value('sheaf_queue_status', { queue: 'still', status: 'paused' })).toBe(1)
    expect(seen.value('sheaf_queue_status', { queue: 'still', status: 'open' })).toBe(0)
    expect(seen.value('sheaf_queue_tasks', { queue: 'still', state: 'queued' })).toBe(1)
    expect(seen.all('sheaf_queue_status', { queue: 'any-*' })).toEqual([])
  })

  test('count what is cancelled before it had its turn apart from what ran', async () => {
    await using rig = await startApp({ concurrency: 1 })
    const job = await rig.submit([holding(), echoing(), echoing()], { concurrency: 1 })
    await rig.runs.started(1)
    await rig.post(`/jobs/${job.id}/cancel`)
    await rig.engine.ended(job.id, 1)
    const seen = await scrape(rig)
    expect(seen.value('sheaf_jobs_ended_total', { state: 'cancelled' })).toBe(1)
    expect(seen.value('sheaf_tasks_ended_total', { kind: 'sleep', state: 'cancelled' })).toBe(1)
    expect(seen.value('sheaf_tasks_cancelled_waiting_total')).toBe(2)
    expect(seen.value('sheaf_attempts_total', { kind: 'sleep', result: 'cancelled' })).toBe(1)
  })

  test('of at most 200 queues have values of their own: those with the most tasks, and all are counted', async () => {
    await using rig = await startApp()
    await rig.put('/queues/q-*', { paused: true })
    const queues = Array.from({ length: 1_100 }, (_, i) => ({ ...echoing(), queue: `q-${i}` }))
    await rig.submit([...queues, ...queues.slice(900)])
    const seen = await scrape(rig)
    const own = new Set(seen.all('sheaf_queue_tasks').map(({ labels }) => labels.queue))
    expect(own).toEqual(new Set(queues.slice(900).map(({ queue }) => queue)))
    expect(seen.value('sheaf_queues_left_out')).toBe(900)
    expect([...seen.metrics.values()].flatMap(({ samples }) => samples).length).toBeLessThan(2_000)
    expect(seen.value('sheaf_queues', { status: 'paused' })).toBe(1_100)
    expect(seen.value('sheaf_tasks_waiting', { state: 'queued' })).toBe(1_300)
  })

  test('have names of queues escaped, whatever these are', async () => {
    await using rig = await startApp()
    const names = ['say "hi"', String.raw`C:\new`, 'ends in \\', '{a="b"}', 'größe ☃']
    await rig.run(names.map((queue) => ({ ...echoing(), queue })))
    await rig.submit(names.map((queue) => ({ ...holding(), queue, delayMs: 1_000 })))
    const seen = await scrape(rig)
    for (const queue of names) expect(seen.value('sheaf_queue_tasks', { queue, state: 'queued' })).toBe(1)
  })

  test('count requests by route, and those that were refused by status', async () => {
    await using rig = await startApp({ tokens: 'admin:a-secret-for-admins' })
    const admin = { authorization: 'Bearer a-secret-for-admins' }
    for (let times = 0; times < 3; times += 1) await rig.get(`/jobs/${times}/tasks`, admin)
    await rig.post('/jobs', { tasks: [] }, admin)
    await rig.post('/jobs', { tasks: [{}] }, admin)
    await rig.post('/jobs', { tasks: [] })
    await rig.get('/nothing')
    await rig.send('PATCH', '/jobs', undefined, admin)
    const seen = await scrape(rig, admin)
    expect(seen.value('sheaf_http_requests_total', { route: '/jobs', method: 'POST' })).toBe(3)
    expect(seen.value('sheaf_http_refused_total', { route: '/jobs', status: '422' })).toBe(1)
    expect(seen.value('sheaf_http_refused_total', { route: '/jobs', status: '401' })).toBe(1)
    expect(seen.value('sheaf_http_requests_total', { route: '/jobs/:id/tasks', method: 'GET' })).toBe(3)
    expect(seen.value('sheaf_http_refused_total', { route: '/jobs/:id/tasks', status: '404' })).toBe(3)
    expect(seen.value('sheaf_http_requests_total', { route: '/metrics' })).toBe(1)
    expect(seen.value('sheaf_http_unrouted_total')).toBe(2)
    expect(seen.all('sheaf_http_requests_total')).toHaveLength(3)
    expect(seen.all('sheaf_http_refused_total')).toHaveLength(3)
  })

  test('cost no look at a job or a task', async () => {
    const asked = new Set<string>()
    await using rig = await startApp({
      wrap: (store) =>
        new Proxy(store, {
          get(target, name) {
            const value = Reflect.get(target, name)
            if (typeof value !== 'function') return value
            return (...given: unknown[]) => {
              asked.add(String(name))
              return value.apply(target, given)
            }
          },
        }),
    })
    await rig.run([echoing()])
    asked.clear()
    await scrape(rig)
    expect([...asked].sort()).toEqual(['inspect', 'queues'])
  })

  test('answer while the database cannot be read, and say so', async () => {
    let broken = false
    const fail = () => {
      if (broken) throw new StoreFault('corrupt', new Error('malformed at /var/secret.db'))
    }
    await using rig = await startApp({
      wrap: (store) => {
        const probe = new Probe(store)
        probe.beforeRead = fail
        probe.queues = async (query) => {
          fail()
          return store.queues(query)
        }
        return probe
      },
    })
    await rig.run([echoing()])
    broken = true
    await scrape(rig)
    const response = await rig.get('/metrics')
    const text = await response.text()
    expect(text).not.toContain('secret')
    const seen = new Exposition(text)
    expect(seen.value('sheaf_ready')).toBe(0)
    expect(seen.value('sheaf_fault', { code: 'corrupt' })).toBe(1)
    expect(seen.value('sheaf_fault', { code: 'disk_full' })).toBe(0)
    expect(seen.value('sheaf_attempts_total', { kind: 'call', result: 'succeeded' })).toBe(1)
    expect(seen.all('sheaf_tasks_waiting')).toEqual([])
  })

  test('need a token where there are any, and one to read will do', async () => {
    await using rig = await startApp({ tokens: 'read:a-secret-for-reading' })
    const response = await rig.get('/metrics')
    expect(response.status).toBe(401)
    expect(await response.text()).not.toContain('sheaf_')
    await scrape(rig, { authorization: 'Bearer a-secret-for-reading' })
  })

  test('are for this machine only where there are none', async () => {
    await using rig = await startApp()
    expect((await rig.get('/metrics', { host: 'example.com' })).status).toBe(403)
    expect((await rig.get('/metrics', { host: 'localhost', origin: 'https://example.com' })).status).toBe(403)
  })
})
