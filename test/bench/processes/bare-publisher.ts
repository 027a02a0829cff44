import type { ServerWebSocket } from 'bun'
import { paced } from '../rig/pace.ts'
import { serveTool } from '../rig/tool.ts'

export type PublisherQuestion =
  | { type: 'start' }
  /** Publishes the texts in a file, as they are; or what they say, written anew. */
  | { type: 'publish'; file: string; written: boolean }
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
interface Messages {
  texts: string[]
  values: unknown[]
}

const known = new Map<string, Messages>()

const read = async (file: string): Promise<Messages> => {
  const texts: string[] = await Bun.file(file).json()
  return { texts, values: texts.map((text) => JSON.parse(text)) }
}

const publish = async ({
  file,
  written,
}: Extract<PublisherQuestion, { type: 'publish' }>): Promise<string> => {
  const messages = known.get(file) ?? (await read(file))
  known.set(file, messages)
  for (const [i, text] of messages.texts.entries()) {
    server?.publish('all', written ? text : JSON.stringify(messages.values[i]))
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
      return publish(question)
    default:
      return beat(question)
  }
})
