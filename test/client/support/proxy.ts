import type { Socket } from 'bun'

interface Link {
  peer?: Socket<Link>
  /** What came before the way to the server was open. */
  early: Buffer[]
}

/**
 * A TCP proxy before a server, on a port of its own. It may swallow: then whatever comes over the connections that it has is lost, both
 * ways, and none of them closes, as when a machine is gone or asleep. New connections work.
 */
export const startProxy = (to: string) => {
  const { hostname, port } = new URL(to)
  const swallowed = new WeakSet<object>()
  const open = new Set<Socket<Link>>()
  const pass = (socket: Socket<Link>, data: Buffer) => {
    if (swallowed.has(socket)) return
    const { peer, early } = socket.data
    if (peer) peer.write(data)
    else early.push(Buffer.from(data))
  }
  const gone = (socket: Socket<Link>) => {
    open.delete(socket)
    if (!swallowed.has(socket)) socket.data.peer?.end()
  }
  const listener = Bun.listen<Link>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      async open(socket) {
        socket.data = { early: [] }
        open.add(socket)
        const peer = await Bun.connect<Link>({
          hostname,
          port: Number(port),
          data: { peer: socket, early: [] },
          socket: { data: pass, close: gone, error: gone },
        })
        open.add(peer)
        socket.data.peer = peer
        for (const data of socket.data.early.splice(0)) peer.write(data)
      },
      data: pass,
      close: gone,
      error: gone,
    },
  })
  return {
    url: `http://127.0.0.1:${listener.port}`,
    swallow() {
      for (const socket of open) swallowed.add(socket)
    },
    [Symbol.dispose]() {
      listener.stop(true)
      for (const socket of open) socket.terminate()
    },
  }
}
