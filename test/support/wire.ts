import type { Socket } from 'bun'

/** A server that speaks HTTP as badly as its path says: what no HTTP library would send. */
export interface Wire {
  url: string
  stop(): void
}

const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n'

const say = (socket: Socket<unknown>, text: string) => {
  socket.write(text)
  socket.flush()
}

const manners: Record<string, (socket: Socket<unknown>) => void> = {
  '/close': (socket) => socket.end(),
  '/reset': (socket) => socket.terminate(),
  '/cut-length': (socket) => {
    say(socket, `${head}Content-Length: 100\r\n\r\nabc`)
    socket.end()
  },
  '/cut-chunked': (socket) => {
    say(socket, `${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`)
    socket.end()
  },
  '/reset-length': (socket) => {
    say(socket, `${head}Content-Length: 100\r\n\r\nabc`)
    socket.terminate()
  },
  '/cut-error': (socket) => {
    say(socket, 'HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nabc')
    socket.end()
  },
  /** 1,000 bytes in chunks, under a length of 3. */
  '/lying-length': (socket) => {
    const chunk = `3e8\r\n${'a'.repeat(1_000)}\r\n0\r\n\r\n`
    say(socket, `${head}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`)
  },
  '/garbage': (socket) => {
    say(socket, 'lorem ipsum dolor sit amet\r\n\r\n')
    socket.end()
  },
  '/bad-chunk': (socket) => {
    say(socket, `${head}Transfer-Encoding: chunked\r\n\r\nzzz\r\nabc\r\n`)
    socket.end()
  },
  '/bad-length': (socket) => {
    say(socket, `${head}Content-Length: -5\r\n\r\nabc`)
    socket.end()
  },
  '/bad-gzip': (socket) => {
    say(socket, `${head}Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde`)
    socket.end()
  },
  '/silent': () => {},
}

const refuse = (socket: Socket<unknown>) => {
  say(socket, 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
  socket.end()
}

/** Starts a {@link Wire} on a free port of 127.0.0.1. */
export const startWire = (): Wire => {
  const open = new Set<Socket<unknown>>()
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open: (socket) => void open.add(socket),
      close: (socket) => void open.delete(socket),
      error: (socket) => void open.delete(socket),
      data: (socket, data) => {
        const [, path = ''] = data.toString().split(/[ ?]/)
        const behave = manners[path] ?? refuse
        behave(socket)
      },
    },
  })
  return {
    url: `http://127.0.0.1:${listener.port}`,
    stop: () => {
      listener.stop(true)
      for (const socket of open) socket.terminate()
    },
  }
}
