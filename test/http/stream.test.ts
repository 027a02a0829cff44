import { describe, expect, test } from 'bun:test'
import type { ProblemView } from '../../src/http/problem.ts'
import { chunkRows } from '../../src/http/request/upload.ts'
import type { JobView } from '../../src/job/wire.ts'
import { type AppRig, echoing, holding, problemOf, startApp } from './rig.ts'
import { many, ndjson, sending, text } from './sending.ts'

const keyed = (index: number) => ({ ...echoing(index), key: `task-${index}` })
const eachEcho = { each: { task: { kind: 'call', handler: 'echo', input: '{{item}}', key: 'k-{{item}}' } } }

/** The one job that there is, once it fits. */
const jobWhen = async (rig: AppRig, fits: (job: JobView) => boolean): Promise<JobView> => {
  for (;;) {
    const { data }: { data: JobView[] } = await (await rig.get('/jobs')).json()
    const job = data.find(fits)
    if (job) return job
    await Bun.sleep(1)
  }
}

const sendLines = (rig: AppRig, path: string, body: string, headers = {}) =>
  rig.send('POST', path, body, { ...ndjson, ...headers })

const refusal = async (response: Response | Promise<Response>): Promise<ProblemView> =>
  problemOf(await response)

describe('an upload of more than a chunk', () => {
  test('is stored and run as it comes, and sealed at its end', async () => {
    await using rig = await startApp()
    const upload = sending(rig)
    await upload.write({ name: 'large', mode: 'all' }, ...many(chunkRows + 1))
    const begun = await jobWhen(rig, ({ counts }) => counts.succeeded === chunkRows)
    expect(begun).toMatchObject({
      name: 'large',
      state: 'running',
      sealed: false,
      counts: { total: chunkRows },
    })
    await upload.write(...many(2 * chunkRows))
    await upload.end()
    const response = await upload.response
    expect(response.status).toBe(202)
    expect(response.headers.get('location')).toBe(`/jobs/${begun.id}`)
    expect(await response.json()).toMatchObject({ sealed: true, counts: { total: 3 * chunkRows + 1 } })
    expect(await jobWhen(rig, ({ state }) => state === 'succeeded')).toMatchObject({
      counts: { total: 3 * chunkRows + 1, succeeded: 3 * chunkRows + 1 },
    })
  })

  test('stores what has come when nothing more comes for a while', async () => {
    await using rig = await startApp()
    const upload = sending(rig)
    await upload.write({}, ...many(chunkRows + 3))
    await jobWhen(rig, ({ counts }) => counts.total === chunkRows)
    while (!rig.clock.pending) await Bun.sleep(1)
    await rig.clock.advance(250)
    await jobWhen(rig, ({ counts }) => counts.total === chunkRows + 3)
    await upload.end()
    expect(await (await upload.response).json()).toMatchObject({ sealed: true })
  })

  test('makes tasks of items, with the index and the keys that they would have in one piece', async () => {
    await using rig = await startApp()
    const task = {
      kind: 'call',
      handler: 'echo',
      input: '{{index}}',
      key: 'k-{{index}}',
      queue: 'q-{{item}}',
    }
    const body = text({ each: { task } }, ...many(2_500, (index) => index % 3))
    const { id } = await (await sendLines(rig, '/jobs', body, { prefer: 'wait=60' })).json()
    expect(await (await rig.get(`/jobs/${id}/tasks/k-2499`)).json()).toMatchObject({
      index: 2_499,
      queue: 'q-0',
      output: 2_499,
    })
  })

  test('has tasks after those of earlier chunks, by key and by index, with what they gave back', async () => {
    await using rig = await startApp()
    const last = {
      ...echoing({ a: '{{tasks.task-7.output}}', b: '{{tasks.1500.output}}' }),
      after: ['task-7', { task: 1_500, on: 'ended' }],
      key: 'last',
    }
    const body = text({ queue: 'mine' }, ...many(2_000, keyed), last)
    const { id } = await (await sendLines(rig, '/jobs', body, { prefer: 'wait=60' })).json()
    expect(await (await rig.get(`/jobs/${id}/tasks/last`)).json()).toMatchObject({
      queue: 'mine',
      state: 'succeeded',
      output: { a: 7, b: 1_500 },
    })
  })

  test.each<[what: string, line: unknown, status: number, field: string, message: string]>([
    ['no JSON', undefined, 400, 'tasks[2000]', 'line 2002: Expected the line to be JSON'],
    ['an unknown field', { ...echoing(), kye: 'x' }, 422, 'tasks[2000].kye', 'line 2002: Unknown field'],
    [
      'a wrong value',
      { kind: 'sleep', ms: -1 },
      422,
      'tasks[2000].ms',
      'line 2002: Expected "tasks[2000].ms" between',
    ],
    [
      'a key that is taken',
      { ...echoing(), key: 'task-3' },
      422,
      'tasks[2000].key',
      'line 2002: Expected the key of tasks[2000] to differ',
    ],
    [
      'a task after one that is not there',
      { ...echoing(), after: ['nobody'] },
      422,
      'tasks[2000].after[0]',
      'line 2002: Expected "tasks[2000].after[0]" to be an earlier task of this job, got "nobody".',
    ],
    [
      'a task after a later one',
      { ...echoing(), after: [2_001] },
      422,
      'tasks[2000].after[0]',
      'line 2002: Expected "tasks[2000].after[0]" to be an earlier task of this job, got 2001. There are 2000 before it.',
    ],
  ])(
    'keeps what was stored before a line with %s, names the line, and goes on from there',
    async (_, line, status, field, message) => {
      await using rig = await startApp()
      const wrong = line === undefined ? '{"kind":\n' : text(line)
      const body = text({}, ...many(2_000, keyed)) + wrong + text(echoing())
      const problem = await refusal(sendLines(rig, '/jobs', body))
      expect(problem).toMatchObject({ status, accepted: 2_000, errors: [{ field }] })
      expect(problem.detail).toStartWith(message)
      expect(await rig.read(problem.job ?? '')).toMatchObject({ sealed: false, counts: { total: 2_000 } })
      const rest = text({ ...echoing('ok'), after: ['task-3'] })
      const response = await sendLines(rig, `/jobs/${problem.job}/tasks?from=2000&seal=true`, rest)
      expect(response.status).toBe(202)
      expect(response.headers.get('location')).toBe(`/jobs/${problem.job}`)
      expect(await response.json()).toMatchObject({ sealed: true, counts: { total: 2_001 } })
      await jobWhen(rig, ({ state }) => state === 'succeeded')
    },
  )

  test('that is too long by a line is refused before it is all in memory', async () => {
    await using rig = await startApp({ maxBodyBytes: 100_000 })
    const body = text({}, ...many(2_000)) + text(echoing('x'.repeat(100_000)))
    const problem = await refusal(sendLines(rig, '/jobs', body))
    expect(problem).toMatchObject({ status: 413, code: 'too_large' })
    expect(problem.detail).toStartWith('line 2002: Expected a line of at most 100000 bytes')
    expect(problem.accepted).toBeGreaterThan(0)
  })

  test('that breaks off keeps what was stored, and says to the same key how far it got', async () => {
    await using rig = await startApp()
    const key = { 'idempotency-key': 'k' }
    const upload = sending(rig, '/jobs', key)
    await upload.write({}, ...many(chunkRows + 1))
    const { id } = await jobWhen(rig, ({ counts }) => counts.succeeded === chunkRows)
    const body = text({}, ...many(chunkRows + 1))
    expect(await refusal(sendLines(rig, '/jobs', body, key))).toMatchObject({
      code: 'idempotency_pending',
      job: id,
      accepted: chunkRows,
    })
    await upload.break()
    expect(await refusal(upload.response)).toMatchObject({ code: 'malformed', job: id, accepted: chunkRows })
    expect(await refusal(sendLines(rig, '/jobs', body, key))).toMatchObject({
      status: 409,
      code: 'idempotency_pending',
      job: id,
      accepted: chunkRows,
    })
    expect(await rig.read(id)).toMatchObject({ sealed: false })
    await rig.clock.advance(60_000)
    expect(await jobWhen(rig, ({ state }) => state === 'succeeded')).toMatchObject({
      sealed: true,
      counts: { total: chunkRows },
    })
  })

  test('that breaks off within its first chunk leaves nothing', async () => {
    await using rig = await startApp()
    const upload = sending(rig)
    await upload.write({}, ...many(10))
    await upload.break()
    expect(await refusal(upload.response)).toMatchObject({ code: 'malformed' })
    expect(await (await rig.get('/jobs')).json()).toEqual({ data: [], next: null })
  })

  test('gives the same job again for the same key and bytes, and refuses others', async () => {
    await using rig = await startApp()
    const key = { 'idempotency-key': 'k' }
    const body = text({}, ...many(2_500))
    const { id } = await (await sendLines(rig, '/jobs', body, key)).json()
    const again = await sendLines(rig, '/jobs', body, key)
    expect(again.status).toBe(202)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(await again.json()).toMatchObject({ id, counts: { total: 2_500 } })
    expect(await refusal(sendLines(rig, '/jobs', `${body}\n`, key))).toMatchObject({
      code: 'idempotency_mismatch',
    })
    const { data }: { data: unknown[] } = await (await rig.get('/jobs')).json()
    expect(data).toHaveLength(1)
  })

  test('that leaves its job open is the same for the same key and bytes, too', async () => {
    await using rig = await startApp()
    const key = { 'idempotency-key': 'k' }
    const body = text({ sealed: false }, ...many(1_500))
    const { id } = await (await sendLines(rig, '/jobs', body, key)).json()
    const again = await (await sendLines(rig, '/jobs', body, key)).json()
    expect(again).toMatchObject({ id, sealed: false, counts: { total: 1_500 } })
  })

  test('stops where too many tasks wait, and says how far it got', async () => {
    await using rig = await startApp({ mostWaiting: 1_500 })
    const problem = await refusal(sendLines(rig, '/jobs', text({}, ...many(2_500, holding))))
    expect(problem).toMatchObject({ status: 503, code: 'too_many_queued', accepted: 1_000 })
  })

  test('stops where the job was decided meanwhile', async () => {
    await using rig = await startApp()
    const upload = sending(rig)
    await upload.write({ mode: 'any' }, ...many(chunkRows + 1))
    await jobWhen(rig, ({ outcome }) => outcome === 'succeeded')
    await upload.end()
    expect(await refusal(upload.response)).toMatchObject({
      status: 409,
      code: 'conflict',
      accepted: chunkRows,
    })
  })

  test('may have more of a quorum, or less, than its first chunk has tasks', async () => {
    await using rig = await startApp()
    const body = (quorum: number) => text({ mode: 'any', quorum }, ...many(1_500))
    expect((await sendLines(rig, '/jobs', body(1_200))).status).toBe(202)
    const failing = await (await sendLines(rig, '/jobs', body(1_501))).json()
    await jobWhen(rig, ({ id, state }) => id === failing.id && state === 'failed')
  })
})

describe('a job with `sealed: false`', () => {
  test('takes tasks and runs them until it is sealed, and that twice is the same', async () => {
    await using rig = await startApp()
    const job = await rig.submit([{ ...echoing(1), key: 'a' }], { sealed: false, queue: 'mine' })
    expect(job.sealed).toBe(false)
    const added = await rig.post(`/jobs/${job.id}/tasks`, {
      tasks: [
        { ...echoing('{{tasks.a.output}}'), after: ['a'] },
        { ...echoing(2), after: [1] },
      ],
      from: 1,
    })
    expect(added.status).toBe(202)
    expect(await added.json()).toMatchObject({ sealed: false, counts: { total: 3 } })
    const sealed = await rig.post(`/jobs/${job.id}/seal`)
    expect(sealed.status).toBe(200)
    await jobWhen(rig, ({ state }) => state === 'succeeded')
    expect(await (await rig.get(`/jobs/${job.id}/tasks/1`)).json()).toMatchObject({
      queue: 'mine',
      output: 1,
    })
    const again = await (await rig.post(`/jobs/${job.id}/seal`)).json()
    expect(again).toMatchObject({ sealed: true, state: 'succeeded' })
    expect(await (await rig.post(`/jobs/${job.id}/seal`)).json()).toEqual(again)
  })

  test('with an `each` takes items, of which it makes tasks as of its first', async () => {
    await using rig = await startApp()
    const response = await rig.post('/jobs', {
      ...eachEcho,
      each: { ...eachEcho.each, items: [1] },
      sealed: false,
    })
    const { id } = await response.json()
    expect((await rig.post(`/jobs/${id}/tasks`, { items: [2, 3] })).status).toBe(202)
    expect((await sendLines(rig, `/jobs/${id}/tasks?seal=true`, '4\n5\n')).status).toBe(202)
    await jobWhen(rig, ({ state }) => state === 'succeeded')
    expect(await (await rig.get(`/jobs/${id}/tasks/k-5`)).json()).toMatchObject({ index: 4, output: 5 })
    const other = await (
      await rig.post('/jobs', { ...eachEcho, each: { ...eachEcho.each, items: [1] }, sealed: false })
    ).json()
    expect(await refusal(rig.post(`/jobs/${other.id}/tasks`, { items: [2, 1] }))).toMatchObject({
      errors: [{ field: 'items[1]' }],
    })
    expect(await refusal(rig.post(`/jobs/${other.id}/tasks`, { tasks: [echoing()] }))).toMatchObject({
      detail: 'Expected "items" alone, as the job was submitted with an "each", got "tasks".',
    })
  })

  test('says the same of itself when it was submitted with all its items, and takes no more', async () => {
    await using rig = await startApp()
    const job = await rig.post('/jobs', { ...eachEcho, each: { ...eachEcho.each, items: [1] } })
    const { id } = await job.json()
    const sealed = await rig.post(`/jobs/${id}/seal`)
    expect([sealed.status, await sealed.json()]).toMatchObject([200, { id, sealed: true }])
    expect(await refusal(rig.post(`/jobs/${id}/tasks`, { items: [2] }))).toMatchObject({
      code: 'conflict',
      detail: 'Expected a job that takes more tasks, got one that is sealed.',
    })
  })

  test('sent as lines stores them as they come, and stays open', async () => {
    await using rig = await startApp()
    const upload = sending(rig)
    await upload.write({ sealed: false }, echoing(1))
    while (!rig.clock.pending) await Bun.sleep(1)
    await rig.clock.advance(250)
    const { id } = await jobWhen(rig, ({ counts }) => counts.succeeded === 1)
    await upload.end()
    expect(await (await upload.response).json()).toMatchObject({ id, sealed: false, state: 'running' })
  })

  test('is sealed when nothing was added for its sealTimeoutMs', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([], { sealed: false, sealTimeoutMs: 1_000 })
    await rig.clock.advance(999)
    expect((await rig.post(`/jobs/${id}/tasks`, { tasks: [] })).status).toBe(202)
    await rig.clock.advance(999)
    expect(await rig.read(id)).toMatchObject({ sealed: false, state: 'running' })
    await rig.clock.advance(1)
    expect(await jobWhen(rig, ({ state }) => state === 'succeeded')).toMatchObject({ sealed: true })
  })

  test('may be a race of none yet, or have a quorum that is still to come', async () => {
    await using rig = await startApp()
    await rig.submit([], { sealed: false, mode: 'race' })
    await rig.submit([], { sealed: false, mode: 'any', quorum: 5 })
  })

  test('alone has a sealTimeoutMs', async () => {
    await using rig = await startApp()
    expect(await refusal(rig.post('/jobs', { tasks: [], sealTimeoutMs: 5 }))).toMatchObject({
      detail: 'Expected "sealTimeoutMs" only with "sealed": false, got 5.',
    })
  })
})

describe('POST /jobs/:id/tasks', () => {
  const refusals: [what: string, body: object, field: string, message: string][] = [
    ['an unknown field', { tasks: [], form: 3 }, 'form', 'Unknown field "form"; expected one of '],
    [
      'neither tasks nor items',
      { seal: true },
      'tasks',
      'Expected "tasks" alone, as the job was submitted without an "each", got nothing.',
    ],
    [
      'items',
      { items: [1] },
      'tasks',
      'Expected "tasks" alone, as the job was submitted without an "each", got "items".',
    ],
    [
      'a task that is not allowed',
      { tasks: [echoing(), { kind: 'sleep', ms: -1 }] },
      'tasks[1].ms',
      'Expected "tasks[1].ms" between 0',
    ],
    [
      'a key twice',
      {
        tasks: [
          { ...echoing(), key: 'b' },
          { ...echoing(), key: 'b' },
        ],
      },
      'tasks[1].key',
      'Expected "tasks[1].key" to differ from the key of tasks[0]',
    ],
    [
      'a key that is taken',
      { tasks: [echoing(), { ...echoing(), key: 'a' }] },
      'tasks[1].key',
      'Expected the key of tasks[1] to differ',
    ],
    [
      'a task after itself',
      { tasks: [echoing(), { ...echoing(), after: [2] }] },
      'tasks[1].after[0]',
      'Expected "tasks[1].after[0]" to be an earlier task of this job, got 2. There are 2 before it.',
    ],
    [
      'a placeholder of a task that it does not come after',
      { tasks: [{ ...echoing('{{tasks.a.output}}'), after: [] }] },
      'tasks[0].input',
      'The placeholder {{tasks.a.output}}',
    ],
  ]
  test.each(refusals)('is refused with %s, and adds nothing', async (_, body, field, message) => {
    await using rig = await startApp()
    const { id } = await rig.submit([{ ...echoing(), key: 'a' }], { sealed: false })
    const problem = await refusal(rig.post(`/jobs/${id}/tasks`, body))
    expect(problem).toMatchObject({ status: 422, errors: [{ field }] })
    expect(problem.detail).toStartWith(message)
    expect((await rig.read(id)).counts.total).toBe(1)
  })

  test('with `from` adds once what is sent twice', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([], { sealed: false })
    const body = { tasks: [echoing(1), echoing(2)], from: 0 }
    expect((await rig.post(`/jobs/${id}/tasks`, body)).status).toBe(202)
    expect(await refusal(rig.post(`/jobs/${id}/tasks`, body))).toMatchObject({
      status: 409,
      code: 'conflict',
      job: id,
      accepted: 2,
      detail: 'Expected "from" to be 2, the number of tasks that the job has, got 0.',
    })
    expect(await refusal(sendLines(rig, `/jobs/${id}/tasks?from=3`, text(echoing())))).toMatchObject({
      accepted: 2,
    })
  })

  test('without `from` adds from many sides, each task after those that it names', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([{ ...echoing(), key: 'a' }], { sealed: false })
    const bodies = many(20, (index) => ({
      tasks: [
        { ...echoing(index), key: `b-${index}` },
        { ...echoing(`{{tasks.b-${index}.output}}`), key: `c-${index}`, after: [`b-${index}`] },
      ],
    }))
    const responses = await Promise.all(bodies.map((body) => rig.post(`/jobs/${id}/tasks`, body)))
    expect(responses.map(({ status }) => status)).toEqual(bodies.map(() => 202))
    await rig.post(`/jobs/${id}/seal`)
    await jobWhen(rig, ({ state }) => state === 'succeeded')
    for (const index of bodies.keys())
      expect(await (await rig.get(`/jobs/${id}/tasks/c-${index}`)).json()).toMatchObject({ output: index })
  })

  test('is refused without a job, and by one that is sealed or decided', async () => {
    await using rig = await startApp()
    const body = { tasks: [echoing()] }
    const unknown = '0192d4e0-0000-7000-8000-000000000001'
    expect(await refusal(rig.post(`/jobs/${unknown}/tasks`, body))).toMatchObject({ code: 'not_found' })
    expect(await refusal(rig.post(`/jobs/${unknown}/seal`))).toMatchObject({ code: 'not_found' })
    const { id } = await rig.submit([echoing()])
    expect(await refusal(rig.post(`/jobs/${id}/tasks`, body))).toMatchObject({
      code: 'conflict',
      accepted: 1,
    })
    const open = await rig.submit([], { sealed: false })
    await rig.post(`/jobs/${open.id}/cancel`)
    expect(await refusal(rig.post(`/jobs/${open.id}/tasks`, body))).toMatchObject({
      code: 'conflict',
      detail: 'Expected a job that takes more tasks, got one that has cancelled.',
    })
  })

  test('counts what a token may have waiting', async () => {
    await using rig = await startApp({ tokens: 'submit:a-secret-of-more-than-16', maxQueuedPerToken: 2 })
    const headers = { authorization: 'Bearer a-secret-of-more-than-16' }
    const { id } = await (
      await rig.post('/jobs', { tasks: [], sealed: false, delayMs: 1_000 }, headers)
    ).json()
    const send = (count: number) => rig.post(`/jobs/${id}/tasks`, { tasks: many(count) }, headers)
    expect((await send(2)).status).toBe(202)
    expect(await refusal(send(1))).toMatchObject({ code: 'quota_exceeded', waiting: 2, most: 2 })
  })
})
