import { serveTool } from '../rig/tool.ts'

/** An API to call: answers every path with about 200 bytes of JSON, at once. Tells its address. */
const user = (id: string) =>
  JSON.stringify({
    id,
    name: `User ${id}`,
    email: `user-${id}@example.com`,
    company: { name: 'Example', city: 'Springfield', catchPhrase: 'Centralized, 24/7 and best of breed' },
    followers: 1234,
    active: true,
  })

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  idleTimeout: 0,
  fetch: ({ url }) =>
    new Response(user(url.slice(url.lastIndexOf('/') + 1)), {
      headers: { 'content-type': 'application/json' },
    }),
})

serveTool<null, string>(() => `http://127.0.0.1:${server.port}`)
