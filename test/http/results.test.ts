import { describe, expect, test } from 'bun:test'
import { type AppRig, echoing, failing, holding, problemOf, startApp } from './rig.ts'

const read = async (rig: AppRig, id: string, headers?: HeadersInit) => {
  const response = await rig.get(`/jobs/${id}/results`, headers)
  expect(response.status).toBe(200)
  return response
}

describe('GET /jobs/:id/results', () => {
  test('gives every result in input order, whatever came of it', async () => {
    await using rig = await startApp()
    const { id } = await rig.run([{ ...echoing({ a: 1 }), key: 'first' }, failing(), echoing(null)])
    const response = await read(rig, id)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toEqual({
      data: [
        { index: 0, key: 'first', state: 'succeeded', attempt: 1, output: { a: 1 } },
        {
          index: 1,
          state: 'failed',
          attempt: 1,
          error: expect.objectContaining({ code: 'handler_failed', message: 'the handler says no' }),
        },
        { index: 2, state: 'succeeded', attempt: 1, output: null },
      ],
      next: null,
    })
  })

  test('of a job without tasks are none', async () => {
    await using rig = await startApp()
    const { id } = await rig.run([])
    expect(await (await read(rig, id)).json()).toEqual({ data: [], next: null })
    expect(await (await read(rig, id, { accept: 'application/x-ndjson' })).text()).toBe('')
  })

  test('as NDJSON are a line each', async () => {
    await using rig = await startApp()
    const { id } = await rig.run(Array.from({ length: 100 }, (_, index) => echoing(`line\n${index}`)))
    const response = await read(rig, id, { accept: 'application/x-ndjson' })
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    const lines = (await response.text()).split('\n')
    expect(lines.pop()).toBe('')
    expect(lines.map((line) => JSON.parse(line).output)).toEqual(
      Array.from({ length: 100 }, (_, i) => `line\n${i}`),
    )
  })

  test('come in the form that Accept prefers', async () => {
    await using rig = await startApp()
    const { id } = await rig.run([])
    const typeFor = async (accept: string) => (await read(rig, id, { accept })).headers.get('content-type')
    expect(await typeFor('*/*')).toBe('application/json')
    expect(await typeFor('application/x-ndjson, */*;q=0.1')).toBe('application/x-ndjson')
    expect(await typeFor('text/html, application/*')).toBe('application/json')
    expect(await typeFor('text/*')).toBe('text/csv; charset=utf-8; header=present')
  })

  test('are 406 in a form that there is not', async () => {
    await using rig = await startApp()
    const { id } = await rig.run([])
    expect(await problemOf(await rig.get(`/jobs/${id}/results`, { accept: 'text/html' }))).toMatchObject({
      status: 406,
      code: 'not_acceptable',
      detail: 'Expected "Accept" to allow one of application/json, application/x-ndjson, text/csv.',
    })
  })

  test('are 409 until the outcome is known, naming its state and how to wait', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    const problem = await problemOf(await rig.get(`/jobs/${id}/results`))
    expect(problem).toMatchObject({ status: 409, code: 'conflict' })
    expect(problem.detail).toContain('is running')
    expect(problem.detail).toContain('?wait=60')
    run.succeed()
  })

  test('can be waited for', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    const late = rig.get(`/jobs/${id}/results?wait=1`)
    await rig.clock.advance(1_000)
    expect((await late).status).toBe(409)
    const waiting = rig.get(`/jobs/${id}/results?wait=60`)
    run.succeed('done')
    expect((await (await waiting).json()).data).toMatchObject([{ output: 'done' }])
    expect((await rig.get(`/jobs/${id}/results?wait=61`)).status).toBe(422)
  })

  test('keep the digits of long numbers', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    run.end({ type: 'succeeded', output: '[12345678901234567890,0.10]' })
    await rig.clock.advance(0)
    expect(await (await read(rig, id)).text()).toContain('"output":[12345678901234567890,0.10]')
  })

  test('are read from the store as they are taken, so that their number costs no memory', async () => {
    await using rig = await startApp({ maxBodyBytes: 50_000_000 })
    const long = 'x'.repeat(100_000)
    const { id } = await rig.run(Array.from({ length: 80 }, () => echoing(long)))
    const pages: number[] = []
    const { tasks } = rig.engine.store
    rig.engine.store.tasks = async (job, query) => {
      const page = await tasks.call(rig.engine.store, job, query)
      pages.push(page.data.length)
      return page
    }
    const { body } = await read(rig, id, { accept: 'application/x-ndjson' })
    const reader = body?.getReader()
    expect(pages).toEqual([])
    await reader?.read()
    expect(pages).toHaveLength(1)
    while (!(await reader?.read())?.done);
    expect(pages.reduce((sum, size) => sum + size, 0)).toBe(80)
    expect(Math.max(...pages)).toBeLessThanOrEqual(16)
  })

  test.each([
    ['deleted', async (rig: AppRig, id: string) => void (await rig.send('DELETE', `/jobs/${id}`))],
    ['taken up again', async (rig: AppRig, id: string) => void (await rig.post(`/jobs/${id}/retry`))],
  ])('are cut short, not ended, when the job is %s on the way', async (_, interfere) => {
    await using rig = await startApp()
    const { id } = await rig.run([...Array.from({ length: 50 }, () => echoing()), failing()])
    const response = await read(rig, id)
    const reader = response.body?.getReader()
    await reader?.read()
    await interfere(rig, id)
    const rest = async () => {
      while (!(await reader?.read())?.done);
    }
    await expect(rest()).rejects.toThrow(id)
  })

  test('are cut short for whoever reads them over a connection', async () => {
    await using rig = await startApp({ maxBodyBytes: 50_000_000 })
    const { id } = await rig.run(Array.from({ length: 120 }, () => echoing('x'.repeat(100_000))))
    const response = await fetch(`http://${rig.listen()}/jobs/${id}/results`)
    const reader = response.body?.getReader()
    await reader?.read()
    await rig.send('DELETE', `/jobs/${id}`)
    const rest = async () => {
      while (!(await reader?.read())?.done);
    }
    await expect(rest()).rejects.toThrow()
    expect((await rig.get('/livez')).status).toBe(200)
  })
})
