import type { Socket } from 'bun'

/** A server that holds its clients up, or has no end; and says when one of them has gone away. */
export interface HostileServer extends Disposable {
  url: string
  /** Resolves when the client of a request for the path has closed its connection. */
  left(path: string): Promise<void>
}

interface State {
  path: string
  timer?: Timer
  more?: () => void
}

const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n'
const blockOf = (text: string) => text.repeat(Math.ceil(65_536 / text.length))

/** Writes the same for as long as there is someone who reads. */
const forEver = (socket: Socket<State>, first: string, block: string) => {
  socket.write(first)
  socket.data.more = () => {
    // What the buffer does not take is lost, which nobody will notice.
    while (socket.write(block) === block.length);
  }
  socket.data.more()
}

const slowly = (socket: Socket<State>, first: string, piece: string) => {
  socket.write(first)
  socket.data.timer = setInterval(() => socket.write(piece), 10)
}

const manners: Record<string, (socket: Socket<State>) => void> = {
  '/nothing': () => {},
  '/half-a-status': (socket) => void socket.write('HTTP/1.1 2'),
  '/headers-only': (socket) => void socket.write(`${head}Content-Length: 100\r\n\r\n`),
  '/half-a-body': (socket) => void socket.write(`${head}Content-Length: 100\r\n\r\nabc`),
  '/half-a-chunk': (socket) => void socket.write(`${head}Transfer-Encoding: chunked\r\n\r\nff\r\nabc`),
  '/slow-headers': (socket) => slowly(socket, head, 'X: y\r\n'),
  '/slow-body': (socket) => slowly(socket, `${head}Content-Length: 1000000\r\n\r\n`, 'a'),
  '/slow-chunks': (socket) => slowly(socket, `${head}Transfer-Encoding: chunked\r\n\r\n`, '1\r\na\r\n'),
  '/slow-error': (socket) => slowly(socket, 'HTTP/1.1 404 Not Found\r\nContent-Length: 60000\r\n\r\n', 'a'),
  '/slow-redirect': (socket) =>
    slowly(socket, 'HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 60000\r\n\r\n', 'a'),
  '/slow-informal': (socket) => slowly(socket, '', 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'),
  '/endless-headers': (socket) => forEver(socket, head, blockOf('X-More: and more\r\n')),
  '/endless-line': (socket) => forEver(socket, `${head}X-Long: `, blockOf('a')),
  '/endless-body': (socket) => forEver(socket, `${head}\r\n`, blockOf('a')),
  '/endless-chunks': (socket) =>
    forEver(socket, `${head}Transfer-Encoding: chunked\r\n\r\n`, blockOf('4\r\naaaa\r\n')),
}

/** Starts one on a free port of 127.0.0.1. */
export const startHostile = (): HostileServer => {
  const gone = new Map<string, PromiseWithResolvers<void>>()
  const departure = (path: string) => {
    const known = gone.get(path) ?? Promise.withResolvers<void>()
    gone.set(path, known)
    return known
  }
  const open = new Set<Socket<State>>()
  const closed = (socket: Socket<State>) => {
    clearInterval(socket.data.timer)
    delete socket.data.more
    open.delete(socket)
    departure(socket.data.path).resolve()
  }
  const listener = Bun.listen<State>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open: (socket) => {
        socket.data = { path: '' }
        open.add(socket)
      },
      data: (socket, data) => {
        if (socket.data.path !== '') return
        socket.data.path = data.toString().split(' ')[1] ?? '/'
        manners[socket.data.path]?.(socket)
      },
      drain: (socket) => socket.data.more?.(),
      close: closed,
      error: closed,
    },
  })
  return {
    url: `http://127.0.0.1:${listener.port}`,
    left: (path) => departure(path).promise,
    [Symbol.dispose]: () => {
      listener.stop(true)
      for (const socket of open) {
        clearInterval(socket.data.timer)
        socket.terminate()
      }
    },
  }
}
