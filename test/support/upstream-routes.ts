import type { Seen } from './upstream.ts'

type Answer = Response | Promise<Response>
type Route = (seen: Seen, argument: string, attempt: number) => Answer

const json = (text: string, init: ResponseInit = {}) =>
  new Response(text, { ...init, headers: { 'content-type': 'application/json', ...init.headers } })

const never = () => new Promise<never>(() => {})

/** A body that sends its chunks without a length, and goes on without an end if there is none. */
const stream = (chunks: Iterable<Uint8Array>, end = true) => {
  const iterator = chunks[Symbol.iterator]()
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const { value, done } = iterator.next()
      if (!done) controller.enqueue(value)
      else if (end) controller.close()
      else return never()
    },
  })
}

function* blocks(bytes: number, size = 65_536): Generator<Uint8Array> {
  for (let left = bytes; left > 0; left -= size) yield new Uint8Array(Math.min(left, size)).fill(0x61)
}

/** 64 MiB of zeros in 64 KiB. */
const bomb = () => Bun.gzipSync(new Uint8Array(67_108_864))

/** By the first segment of the path; what follows it is the argument. */
const routes: Record<string, Route> = {
  ok: () => json('{"ok":true}'),
  /** A record like those of any API: `/users/7`. */
  users: (_, id) => json(JSON.stringify({ id: Number(id), name: `User ${id}` })),
  /** What is not JSON. */
  reports: () => new Response('%PDF-1.7\n', { headers: { 'content-type': 'application/pdf' } }),
  /** What was sent, as JSON. */
  echo: (seen) => json(JSON.stringify(seen)),
  /** `/status/404`; redirects lead to `/ok`. */
  status: (_, code) => {
    const status = Number(code)
    const headers: Record<string, string> = status >= 300 && status < 400 ? { location: '/ok' } : {}
    if (status === 204 || status === 304) return new Response(null, { status, headers })
    return json(`{"status":${code}}`, { status, headers })
  },
  /** Answers after `/slow/<ms>`. */
  slow: async (_, ms) => {
    await Bun.sleep(Number(ms))
    return json(`{"ms":${ms}}`)
  },
  /** Never answers. */
  hang: never,
  /** Answers, and never comes to the end of the body. */
  drip: () => new Response(stream(blocks(10), false)),
  /** Fails `/flaky/<n>/<name>` with 500 n times for each Idempotency-Key, then answers. */
  flaky: (_, argument, attempt) => {
    const [failures, name] = argument.split('/')
    return attempt <= Number(failures)
      ? json('{"error":"flaky"}', { status: 500 })
      : json(JSON.stringify({ name, attempt }))
  },
  /** `/bytes/<n>` with a length, and `/stream/<n>` without. */
  bytes: (_, n) => new Response('a'.repeat(Number(n))),
  stream: (_, n) => new Response(stream(blocks(Number(n)))),
  /** Bytes without an end. */
  endless: () => new Response(stream(blocks(Number.POSITIVE_INFINITY))),
  text: () => new Response('Grüße, 世界\n'),
  empty: () => json(''),
  headers: () => json('{}', { headers: { 'x-one': '1', 'x-two': '2', etag: '"abc"' } }),
  'bad-json': () => json('{"ok":tru'),
  /** JSON over several lines, with a number that no double can hold. */
  pretty: () => json('{\r\n  "text": "a\\nb",\n  "id": 12345678901234567890\n}\n'),
  'problem-json': () => json('{"code":"x"}', { headers: { 'content-type': 'application/problem+json' } }),
  gzip: () =>
    new Response(Bun.gzipSync('{"zipped":true}'), {
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    }),
  'gzip-bomb': () => new Response(bomb(), { headers: { 'content-encoding': 'gzip' } }),
}

export const answer = (seen: Seen, attempt: number): Answer => {
  const [, name = '', argument = ''] = /^\/([^/]*)\/?(.*)$/.exec(seen.path) ?? []
  return routes[name]?.(seen, argument, attempt) ?? new Response('Not found', { status: 404 })
}
