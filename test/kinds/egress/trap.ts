import type { Socket } from 'bun'

/** Listeners on 127.0.0.1 and ::1, on one port, that count the connections nobody should make. */
export interface Trap {
  port: number
  readonly connections: number
  stop(): void
}

export const startTrap = (): Trap => {
  let connections = 0
  const socket = {
    open: (socket: Socket<undefined>) => {
      connections += 1
      socket.terminate()
    },
    data: () => {},
  }
  const v4 = Bun.listen({ hostname: '127.0.0.1', port: 0, socket })
  const v6 = Bun.listen({ hostname: '::1', port: v4.port, socket })
  return {
    port: v4.port,
    get connections() {
      return connections
    },
    stop: () => {
      v4.stop(true)
      v6.stop(true)
    },
  }
}
