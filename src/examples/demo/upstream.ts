/**
 * An API to call, in a process of its own, as moody as real ones are: it takes its time, refuses, breaks and hangs.
 * Its moods depend on the id and on how often a request was seen, so that each run of the demo tells the same story.
 * Prints its port as the first line.
 */
const seen = new Map<string, number>()

const nth = (request: Request): number => {
  const key = request.headers.get('idempotency-key') ?? request.url
  const count = (seen.get(key) ?? 0) + 1
  seen.set(key, count)
  return count
}

const latency = (id: number) => 40 + ((id * 37) % 160)

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  idleTimeout: 0,
  routes: {
    '/users/:id': async (request) => {
      const id = Number(request.params.id)
      const attempt = nth(request)
      await Bun.sleep(latency(id))
      if (id % 250 === 99) return new Promise<Response>(() => {})
      if (id % 100 === 42) return Response.json({ error: `No user ${id}` }, { status: 404 })
      if (id % 17 === 3 && attempt === 1) return Response.json({ error: 'Slow down' }, { status: 429 })
      if (id % 13 === 5 && attempt <= 2) return Response.json({ error: 'Out of order' }, { status: 500 })
      return Response.json({ id, name: `User ${id}`, followers: (id * 7919) % 10_000 })
    },
  },
  fetch: () => new Response(null, { status: 404 }),
})

console.log(server.port)
