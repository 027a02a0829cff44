/**
 * An upstream that forgets what it was asked, so that it can be asked for a long time: a tenth of its answers is an error, a few say
 * when to come again, some are slow, some are long. The first line of its output is its URL.
 */
import { serve } from 'bun'

let limited = 0

const routes: Record<string, (argument: string) => Response | Promise<Response>> = {
  users: (id) => Response.json({ id: Number(id), name: `User ${id}` }),
  flaky: (id) =>
    Math.random() < 0.1
      ? Response.json({ error: 'flaky' }, { status: 500 })
      : Response.json({ id: Number(id) }),
  limited: (id) => {
    limited += 1
    return limited % 40 === 0
      ? new Response('Not so fast', { status: 429, headers: { 'retry-after': '1' } })
      : Response.json({ id: Number(id) })
  },
  slow: async (ms) => {
    await Bun.sleep(Number(ms))
    return Response.json({ ms: Number(ms) })
  },
  bytes: (count) => new Response('a'.repeat(Number(count))),
}

const server = serve({
  hostname: '127.0.0.1',
  port: 0,
  idleTimeout: 0,
  development: false,
  fetch: ({ url }) => {
    const [, name = '', argument = ''] = new URL(url).pathname.split('/')
    return routes[name]?.(argument) ?? new Response('Not found', { status: 404 })
  },
})
console.log(server.url.href.replace(/\/$/, ''))
