// An upstream that tells its clients to come back later, and notes when they come; a process of its own, as the other
// (test/support/upstream-process.ts). The first line of its output is its URL.

export {}

const keys: Record<string, number> = {}
const arrivals: number[] = []

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  reusePort: false,
  development: false,
  fetch(request) {
    const [, route, name] = new URL(request.url).pathname.split('/')
    if (route === '_counts') return Response.json({ keys, arrivals })
    const key = request.headers.get('idempotency-key') ?? ''
    keys[key] = (keys[key] ?? 0) + 1
    if (route === 'paced') arrivals.push(performance.now())
    if (route === 'later' && keys[key] === 1)
      return new Response(null, { status: 503, headers: { 'retry-after': '1' } })
    return Response.json({ name })
  },
})
console.log(server.url.origin)
