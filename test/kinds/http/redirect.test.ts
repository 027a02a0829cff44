import { describe, expect, test } from 'bun:test'
import { answering } from './answering.ts'

/** `/<status>/<location>` leads there; everything else shows what it was sent. */
const leading = () =>
  answering(async (request) => {
    const { pathname } = new URL(request.url)
    const [, status, location] = /^\/(3\d\d)\/(.*)$/.exec(pathname) ?? []
    if (status)
      return new Response('moved', {
        status: Number(status),
        headers: { location: decodeURIComponent(location ?? '') },
      })
    const { method, headers } = request
    return Response.json({
      path: pathname,
      method,
      headers: Object.fromEntries(headers),
      sent: await request.text(),
    })
  })
const to = (location: string, status = 302) => `/${status}/${encodeURIComponent(location)}`

test('a redirect is followed, and the output says where it led', async () => {
  await using upstream = leading()
  expect(await upstream.output(to('/there?x=1'))).toMatchObject({
    status: 200,
    url: `${upstream.url}/there?x=1`,
    body: { path: '/there', method: 'GET' },
  })
  expect(await upstream.output('/here')).not.toHaveProperty('url')
})

test.each([
  [303, 'POST', 'GET', ''],
  [302, 'POST', 'GET', ''],
  [307, 'POST', 'POST', 'a=1'],
  [308, 'PUT', 'PUT', 'a=1'],
] as const)('%d makes of %s %s, with the body %j', async (status, method, then, sent) => {
  await using upstream = leading()
  expect(await upstream.output(to('/there', status), { method, form: { a: 1 } })).toMatchObject({
    body: { method: then, sent },
  })
})

test('another origin is sent no header that could hold a secret', async () => {
  await using other = leading()
  await using upstream = leading()
  const headers = { authorization: 'Bearer a', 'X-Api-Key': 'b', cookie: 'c', accept: 'text/html' }
  const { body } = (await upstream.output(to(`${other.url}/there`), { headers })) as {
    body: { headers: Record<string, string> }
  }
  expect(body.headers).toMatchObject({ accept: 'text/html', 'idempotency-key': expect.any(String) })
  expect(Object.keys(body.headers)).not.toContainAnyValues(['authorization', 'x-api-key', 'cookie'])
  expect(await upstream.output(to('/there'), { headers })).toMatchObject({
    body: { headers: { authorization: 'Bearer a', 'x-api-key': 'b', cookie: 'c' } },
  })
})

test('each redirect goes through the guard', async () => {
  await using upstream = leading()
  expect(await upstream.run(to('http://169.254.169.254/latest'))).toMatchObject({
    error: { code: 'egress_refused', details: { host: '169.254.169.254', range: 'metadata' } },
    retryable: false,
  })
})

describe('a redirect that is not followed', () => {
  test('is one too many', async () => {
    await using upstream = answering(() => Response.redirect('/again'))
    expect(await upstream.run('/')).toMatchObject({
      error: { code: 'redirect_failed', message: expect.stringContaining('at most 5 redirects') },
      retryable: false,
    })
    expect(await upstream.run('/', { redirects: 1 })).toMatchObject({ error: { code: 'redirect_failed' } })
  })

  test('leads to no URL', async () => {
    await using upstream = leading()
    expect(await upstream.run(to('http://'))).toMatchObject({ error: { code: 'redirect_failed' } })
    expect(await upstream.run(to('file:///etc/passwd'))).toMatchObject({ error: { code: 'egress_refused' } })
  })

  test('is what the task expects', async () => {
    await using upstream = leading()
    const fields = { expect: { status: 302 }, responseHeaders: ['location'] }
    expect(await upstream.output(to('/there'), fields)).toEqual({
      status: 302,
      headers: { 'content-type': 'text/plain;charset=utf-8', location: '/there' },
      body: 'moved',
    })
  })

  test('is any, where the task follows none', async () => {
    await using upstream = leading()
    expect(await upstream.run(to('/there'), { redirects: 0 })).toMatchObject({
      error: { code: 'unexpected_status', details: { status: 302 } },
      retryable: false,
    })
  })
})

test('a failure after a redirect names the host that it is about', async () => {
  await using upstream = leading()
  const gone = answering(() => new Response())
  await gone[Symbol.asyncDispose]()
  expect(await upstream.run(to(gone.url))).toMatchObject({
    error: { code: 'connect_failed', message: expect.stringContaining(new URL(gone.url).host) },
  })
})
