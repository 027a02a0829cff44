import { describe, expect, test } from 'bun:test'
import { RawConnection } from './raw.ts'
import { type AppRig, holding, problemOf, startApp } from './rig.ts'

const prefer = { prefer: 'wait=60' }

/** More than a step of cancelling takes along. */
const decidedEarly = { mode: 'any', concurrency: 1 }
const many = () => Array.from({ length: 5_000 }, holding)

/** Resolves when no more timers are armed than there were: whoever waited has gone. */
const whenGone = async ({ clock }: AppRig, timers: number) => {
  while (clock.pending > timers) await new Promise((resolve) => setImmediate(resolve))
}

describe('a request that waits', () => {
  test('is answered at the outcome, for results with those that there are, and then the others', async () => {
    await using rig = await startApp()
    const submitted = rig.post('/jobs', { ...decidedEarly, tasks: many() }, prefer)
    const run = await rig.runs.nth(1)
    const { data } = await (await rig.get('/jobs')).json()
    const results = rig.get(`/jobs/${data[0].id}/results?wait=60`)
    run.succeed('first')
    const response = await submitted
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ state: 'stopping', outcome: 'succeeded', decidedBy: 0 })
    const [{ data: all }] = await Promise.all([(await results).json(), rig.clock.advance(0)])
    expect(all).toHaveLength(5_000)
    expect(all.slice(0, 2)).toMatchObject([{ output: 'first' }, { state: 'cancelled' }])
  })

  test('for results is answered at the outcome though a task does not heed that it is cancelled', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding(), holding()], { mode: 'any' })
    const [first, stubborn] = [await rig.runs.nth(1), await rig.runs.nth(2)]
    const results = rig.get(`/jobs/${id}/results?wait=60`, { accept: 'application/x-ndjson' })
    first.succeed('first')
    const response = await results
    expect(response.status).toBe(200)
    expect(await (await rig.get(`/jobs/${id}`)).json()).toMatchObject({ state: 'stopping' })
    const lines = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    expect((await lines?.read())?.value).toContain('"output":"first"')
    stubborn.succeed('late')
    expect((await lines?.read())?.value).toContain('"index":1,"state":"cancelled"')
    expect((await lines?.read())?.done).toBe(true)
  })

  test('for what is known already is answered at once', async () => {
    await using rig = await startApp()
    const response = await rig.post('/jobs', { tasks: [] }, prefer)
    expect(response.status).toBe(200)
    const { id } = await response.json()
    expect((await rig.get(`/jobs/${id}/results?wait=60`)).status).toBe(200)
  })

  test('leaves nothing behind when its client goes', async () => {
    await using rig = await startApp()
    const address = rig.listen()
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    const timers = rig.clock.pending
    const get = `GET /jobs/${id}/results?wait=60 HTTP/1.1\r\nHost: localhost\r\n\r\n`
    const body = JSON.stringify({ tasks: [holding()] })
    const post = `POST /jobs HTTP/1.1\r\nHost: localhost\r\nPrefer: wait=60\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    for (const request of [get, post]) {
      const connection = await RawConnection.open(address)
      await connection.write(request)
      while (rig.clock.pending === timers) await new Promise((resolve) => setImmediate(resolve))
      connection[Symbol.dispose]()
      // The timeout of the second task shares its timer with that of the first.
      await whenGone(rig, timers)
    }
    run.succeed()
    ;(await rig.runs.nth(2)).succeed()
  })

  test('is answered when the server stops: a job that was accepted as it stands, results with 503', async () => {
    await using rig = await startApp()
    const submitted = rig.post('/jobs', { tasks: [holding()] }, prefer)
    await rig.runs.nth(1)
    const { data } = await (await rig.get('/jobs')).json()
    const results = rig.get(`/jobs/${data[0].id}/results?wait=60`)
    const stopped = rig.engine.stop()
    await rig.clock.advance(5_000)
    await stopped
    const response = await submitted
    expect(response.status).toBe(202)
    expect(response.headers.get('location')).toBe(`/jobs/${data[0].id}`)
    expect(await response.json()).toMatchObject({ state: 'running', counts: { queued: 1 } })
    const refused = await results
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await problemOf(refused)).toMatchObject({ status: 503, code: 'unavailable' })
  })
})
