import { describe, expect, test } from 'bun:test'
import { echoing, holding, problemOf, startApp } from './rig.ts'

const many = (count: number) => Array.from({ length: count }, holding)

describe('a unique job', () => {
  const unique = { key: 'nightly' }

  test('is answered with the one that there is, while that has not ended', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding()], { unique })
    const second = await rig.post('/jobs', { tasks: [echoing(), echoing()], unique })
    expect(second.status).toBe(200)
    expect(second.headers.get('sheaf-unique')).toBe('existing')
    expect(second.headers.get('location')).toBe(`/jobs/${id}`)
    expect(await second.json()).toMatchObject({ id, counts: { total: 1 } })
    ;(await rig.runs.nth(1)).succeed()
    await rig.clock.advance(0)
    const third = await rig.post('/jobs', { tasks: [], unique })
    expect(third.status).toBe(202)
    expect(third.headers.has('sheaf-unique')).toBe(false)
    expect((await third.json()).id).not.toBe(id)
  })

  test('is made once, however many ask at once', async () => {
    await using rig = await startApp()
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => rig.post('/jobs', { tasks: [holding()], unique })),
    )
    expect(responses.map(({ status }) => status).sort()).toEqual([...Array(19).fill(200), 202])
    expect(new Set(responses.map(({ headers }) => headers.get('location'))).size).toBe(1)
    ;(await rig.runs.nth(1)).succeed()
  })

  test('may be so while the first is in other states', async () => {
    await using rig = await startApp()
    const given = { unique: { ...unique, whileState: ['running', 'succeeded'] } }
    const { id } = await rig.run([echoing()], given)
    expect((await (await rig.post('/jobs', { tasks: [], ...given })).json()).id).toBe(id)
  })

  test('may be so for a time', async () => {
    await using rig = await startApp()
    const given = { unique: { ...unique, forMs: 1_000 } }
    const { id } = await rig.run([echoing()], given)
    await rig.clock.advance(999)
    expect((await (await rig.post('/jobs', { tasks: [], ...given })).json()).id).toBe(id)
    await rig.clock.advance(1)
    expect((await rig.post('/jobs', { tasks: [], ...given })).status).toBe(202)
  })

  test('waits for the one that there is, if asked to wait', async () => {
    await using rig = await startApp()
    await rig.submit([holding()], { unique })
    const waiting = rig.post('/jobs', { tasks: [], unique }, { prefer: 'wait=5' })
    ;(await rig.runs.nth(1)).succeed()
    const response = await waiting
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ state: 'succeeded' })
  })

  test('goes by its key alone', async () => {
    await using rig = await startApp()
    await rig.submit([holding()], { unique })
    expect((await rig.post('/jobs', { tasks: [], unique: { key: 'weekly' } })).status).toBe(202)
    expect((await rig.post('/jobs', { tasks: [] })).status).toBe(202)
    ;(await rig.runs.nth(1)).succeed()
  })
})

describe('a server with as many waiting tasks as it takes', () => {
  test('refuses more with 503 and Retry-After, stores nothing of them, and takes them when there is room', async () => {
    await using rig = await startApp({ concurrency: 1, mostWaiting: 3 })
    await rig.submit(many(3))
    const [first] = await rig.runs.started(1)
    const refused = await rig.post('/jobs', { tasks: many(2) })
    expect(refused.headers.get('retry-after')).toBe('5')
    expect(await problemOf(refused)).toMatchObject({
      status: 503,
      code: 'too_many_queued',
      detail: 'Expected at most 3 tasks on this server to wait, got 2 more while 2 do.',
      waiting: 2,
      most: 3,
    })
    expect((await (await rig.get('/jobs')).json()).data).toHaveLength(1)
    await rig.submit(many(1))
    first?.succeed()
    await rig.runs.nth(2)
    await rig.submit(many(1))
    rig.runs.runs.at(-1)?.succeed()
    for (let run = 3; run <= 5; run += 1) (await rig.runs.nth(run)).succeed()
  })

  test('refuses for good what it could never take', async () => {
    await using rig = await startApp({ mostWaiting: 3 })
    const { headers, status } = await rig.post('/jobs', { tasks: many(4) })
    expect([status, headers.get('retry-after')]).toEqual([422, null])
    expect(await problemOf(await rig.post('/jobs', { tasks: many(4) }))).toMatchObject({
      code: 'invalid',
      errors: [
        {
          field: 'tasks',
          message: 'Expected "tasks" of at most 3, as no more tasks on this server may wait at once, got 4.',
        },
      ],
    })
    const each = { items: [1, 2, 3, 4], task: holding() }
    expect(await problemOf(await rig.post('/jobs', { each }))).toMatchObject({
      errors: [{ field: 'each.items' }],
    })
  })
})

describe('a token with as many waiting tasks as it may have', () => {
  const secrets = ['the-first-secret-of-two', 'the-second-secret-of-two']
  const tokens = secrets.map((secret) => `submit:${secret}`).join()
  const [first, second] = secrets.map((secret) => ({ authorization: `Bearer ${secret}` }))

  test('is refused with 429 and Retry-After, and no other', async () => {
    await using rig = await startApp({ tokens, concurrency: 1, maxQueuedPerToken: 2 })
    expect((await rig.post('/jobs', { tasks: many(2) }, first)).status).toBe(202)
    await rig.runs.nth(1)
    const refused = await rig.post('/jobs', { tasks: many(2) }, first)
    expect(refused.headers.get('retry-after')).toBe('5')
    expect(await problemOf(refused)).toMatchObject({
      status: 429,
      code: 'quota_exceeded',
      detail: 'Expected at most 2 tasks of this token to wait, got 2 more while 1 do.',
      waiting: 1,
      most: 2,
    })
    expect((await rig.post('/jobs', { tasks: many(2) }, second)).status).toBe(202)
    for (let run = 1; run <= 4; run += 1) (await rig.runs.nth(run)).succeed()
  })

  test('keeps its quota over a restart of the server, and leaves no secret behind', async () => {
    await using rig = await startApp({ tokens, maxQueuedPerToken: 1 })
    await rig.post('/jobs', { tasks: [], name: 'mine' }, first)
    expect(JSON.stringify(await rig.engine.store.jobs({ limit: 9 }))).not.toContain(secrets[0])
  })
})
