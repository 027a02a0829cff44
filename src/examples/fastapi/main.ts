/** The app on its port: `bun src/examples/fastapi/main.ts`, then look at http://localhost:3000/swagger. */
import { sheaf } from 'sheaf'
import { createApp, handlersOf } from './app.ts'

const {
  PORT = '3000',
  DATABASE = './app.db',
  NOTES = './notes',
  SMTP = 'smtp://localhost:1025?from=shop@example.com',
  UPSTREAM = 'https://jsonplaceholder.typicode.com',
} = process.env

const wait = (ms: number) => Bun.sleep(ms)
const plugin = sheaf({
  handlers: handlersOf(wait),
  database: DATABASE,
  sources: `shop=sqlite:${DATABASE}`,
  smtp: SMTP,
})

const setup = { plugin, upstream: UPSTREAM, database: DATABASE, notes: NOTES, wait }
const app = createApp(setup).listen({ port: Number(PORT), hostname: '127.0.0.1' }, ({ url }) =>
  console.log(`Listening on ${url}`),
)

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, async () => {
    await app.stop()
    process.exit()
  })
