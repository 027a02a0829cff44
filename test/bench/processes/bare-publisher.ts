import type { ServerWebSocket } from 'bun'
import { paced } from '../rig/pace.ts'
import { serveTool } from '../rig/tool.ts'

export type PublisherQuestion =
  | { type: 'start' }
  /** Publishes the texts in a file. */
  | { type: 'publish'; file: string }
  /** Publishes texts of so many bytes, each of which begins with the moment at which it was sent, every so many milliseconds. */
  | { type: 'beat'; bytes: number; everyMs: number; count: number }

const sockets = new Set<ServerWebSocket<undefined>>()

/** The least that it can cost to tell many the same: `server.publish`, of texts that are there already. */
const start = (): string => {
  server = Bun.serve<undefined>({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request, server) =>
      server.upgrade(request, { data: undefined }) ? undefined : new Response(null, { status: 426 }),
    websocket: {
      perMessageDeflate: false,
      open(socket) {
        socket.subscribe('all')
        sockets.add(socket)
      },
      message() {},
      close: (socket) => void sockets.delete(socket),
    },
  })
  return server.url.href
}

let server: Bun.Server<undefined> | undefined
const known = new Map<string, string[]>()

const publish = async (file: string): Promise<string> => {
  const texts = known.get(file) ?? ((await Bun.file(file).json()) as string[])
  known.set(file, texts)
  for (const text of texts) {
    server?.publish('all', text)
    await paced(sockets)
  }
  return ''
}

const beat = ({ bytes, everyMs, count }: Extract<PublisherQuestion, { type: 'beat' }>): Promise<string> => {
  const rest = 'x'.repeat(bytes)
  let sent = 0
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      server?.publish('all', `${performance.timeOrigin + performance.now()} ${rest}`)
      sent += 1
      if (sent < count) return
      clearInterval(timer)
      resolve('')
    }, everyMs)
  })
}

serveTool<PublisherQuestion, string>((question) => {
  switch (question.type) {
    case 'start':
      return start()
    case 'publish':
      return publish(question.file)
    default:
      return beat(question)
  }
})
