import type { ServerWebSocket } from 'bun'
import { paced } from '../rig/pace.ts'
import { serveTool } from '../rig/tool.ts'

export type PublisherQuestion = { type: 'start' } | { type: 'publish'; file: string }

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

serveTool<PublisherQuestion, string>((question) =>
  question.type === 'start' ? start() : publish(question.file),
)
