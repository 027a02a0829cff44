import { describe, expect, test } from 'bun:test'
import { mostTickets, ticketMs } from '../../src/http/ticket-office.ts'
import { type AppRig, problemOf, startApp } from './rig.ts'
import { Channel } from './socket.ts'

const secret = 'a-secret-for-reading'
const tokens = `read:${secret}`
const bearer = { authorization: `Bearer ${secret}` }

const ask = async (rig: AppRig, headers = {}): Promise<{ ticket: string; expiresAt: string }> => {
  const response = await rig.post('/tickets', undefined, headers)
  expect(response.status).toBe(201)
  expect(response.headers.get('cache-control')).toBe('no-store')
  return response.json()
}

/** Opens `/events`, by the status that answers: 101, or another. */
const opens = async (address: string, query: string): Promise<boolean> => {
  try {
    using _ = await Channel.open(address, query)
    return true
  } catch {
    return false
  }
}

describe('a ticket', () => {
  test('is 256 random bits, for 30 seconds, given to whoever may read', async () => {
    await using rig = await startApp({ tokens })
    const { ticket, expiresAt } = await ask(rig, bearer)
    expect(ticket).toMatch(/^[\w-]{43}$/)
    expect(Date.parse(expiresAt) - rig.clock.now()).toBe(ticketMs)
    expect((await ask(rig, bearer)).ticket).not.toBe(ticket)
    expect((await rig.post('/tickets')).status).toBe(401)
  })

  test('opens a socket that follows jobs, once', async () => {
    await using rig = await startApp({ tokens: `${tokens},submit:a-secret-for-submitting` })
    const address = rig.listen()
    const { ticket } = await ask(rig, bearer)
    {
      using channel = await Channel.open(address, `?ticket=${ticket}`)
      const { id } = await rig.submit([], { name: 'x' }, { authorization: 'Bearer a-secret-for-submitting' })
      channel.subscribe(id)
      expect(await channel.next()).toMatchObject({ type: 'job', job: id })
    }
    expect(await opens(address, `?ticket=${ticket}`)).toBe(false)
    expect(await opens(address, '')).toBe(false)
  })

  test('opens an event stream, once', async () => {
    await using rig = await startApp({ tokens: `${tokens},submit:a-secret-for-submitting` })
    const { id } = await rig.submit([], {}, { authorization: 'Bearer a-secret-for-submitting' })
    const { ticket } = await ask(rig, bearer)
    const path = `/jobs/${id}/events?after=0&ticket=${ticket}`
    const response = await rig.get(path)
    expect(await response.text()).toContain('event: job')
    expect((await rig.get(path)).status).toBe(401)
  })

  test('opens nothing else', async () => {
    await using rig = await startApp({ tokens })
    const { ticket } = await ask(rig, bearer)
    for (const path of ['/', '/jobs', '/queues', '/handlers', '/schedules'])
      expect((await rig.get(`${path}?ticket=${ticket}`)).status).toBe(401)
    expect((await rig.post(`/tickets?ticket=${ticket}`)).status).toBe(401)
    expect(await opens(rig.listen(), `?ticket=${ticket}`)).toBe(true)
  })

  test('that is too old, was used, or was never given is refused without a word of what it was', async () => {
    await using rig = await startApp({ tokens })
    const old = await ask(rig, bearer)
    const young = await ask(rig, bearer)
    await rig.clock.advance(ticketMs)
    const fresh = await ask(rig, bearer)
    expect((await rig.get(`/events?ticket=${fresh.ticket}`)).status).toBe(426)
    for (const ticket of [old.ticket, young.ticket, fresh.ticket, 'made-up', '', 'x'.repeat(10_000)]) {
      const response = await rig.get(`/events?ticket=${ticket}`, bearer)
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="sheaf", error="invalid_token"')
      const problem = await problemOf(response)
      expect(problem).toMatchObject({
        status: 401,
        code: 'unauthorized',
        detail:
          'Expected "ticket" to be one that POST /tickets gave less than 30 s ago, and that was not used before.',
        instance: '/events',
      })
    }
  })

  test('is never logged, not even when the server fails', async () => {
    await using rig = await startApp({ tokens })
    const { ticket } = await ask(rig, bearer)
    rig.engine.store.job = () => Promise.reject(new Error('SQLITE_IOERR'))
    const path = '/jobs/01900000-0000-7000-8000-000000000000/events'
    const response = await rig.get(`${path}?ticket=${ticket}`)
    expect(await problemOf(response)).toMatchObject({ code: 'internal' })
    expect(rig.logs).toMatchObject([{ fields: { path } }])
    expect(JSON.stringify(rig.logs)).not.toContain(ticket)
  })

  test('may be given together with a token, and then counts', async () => {
    await using rig = await startApp({ tokens })
    const { ticket } = await ask(rig, bearer)
    expect((await rig.get(`/events?ticket=${ticket}`, bearer)).status).toBe(426)
    expect((await rig.get(`/events?ticket=${ticket}`, bearer)).status).toBe(401)
  })

  test('works where no token is needed, too: clients are the same', async () => {
    await using rig = await startApp()
    const address = rig.listen()
    const { ticket } = await ask(rig)
    expect(await opens(address, `?ticket=${ticket}`)).toBe(true)
    expect(await opens(address, `?ticket=${ticket}`)).toBe(false)
    expect(await opens(address, '')).toBe(true)
  })
})

describe('tickets', () => {
  test(`are refused while ${mostTickets} wait to be used, until the oldest expires`, async () => {
    await using rig = await startApp({ tokens })
    const first = await ask(rig, bearer)
    await rig.clock.advance(12_400)
    for (let count = 1; count < mostTickets; count += 1) await rig.post('/tickets', undefined, bearer)
    const response = await rig.post('/tickets', undefined, bearer)
    expect(response.headers.get('retry-after')).toBe('18')
    expect(await problemOf(response)).toMatchObject({ status: 503, code: 'unavailable' })
    // One that is used makes room at once.
    expect((await rig.get(`/events?ticket=${first.ticket}`)).status).toBe(426)
    await ask(rig, bearer)
    expect((await rig.post('/tickets', undefined, bearer)).status).toBe(503)
    await rig.clock.advance(ticketMs)
    await ask(rig, bearer)
  })
})
