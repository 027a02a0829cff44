import { expect } from 'bun:test'
import { type ConnectOptions, connect, type FollowEvent } from '../../../src/client.ts'
import { fakeClock } from '../../../src/testing/clock.ts'
import { checkAtEnd } from './leaks.ts'
import { fakeSockets } from './sockets.ts'

/** A client whose clock, sockets and requests are the test's. */
export const startClient = (options: ConnectOptions = {}) => {
  const clock = fakeClock()
  const net = fakeSockets()
  const requests: string[] = []
  /** What answers a request; by default the network is down. */
  let answer = async (_request: Request): Promise<Response> => {
    throw new TypeError('no network')
  }
  const fetch = (url: string, init?: RequestInit) => {
    const request = new Request(url, init)
    requests.push(`${request.method} ${new URL(url).pathname}`)
    return answer(request)
  }
  const sheaf = connect('http://sheaf.test/base/', { clock, WebSocket: net.WebSocket, fetch, ...options })
  const client = {
    sheaf,
    clock,
    net,
    requests,
    answer(next: typeof answer) {
      answer = next
    },
    /** The socket of the moment, connected. */
    async accepted() {
      await clock.advance(0)
      const socket = net.latest
      socket.accept()
      return socket
    },
    expectNothingOpen() {
      expect(clock.pending).toBe(0)
      expect(net.sockets.every(({ closed }) => closed)).toBe(true)
    },
  }
  checkAtEnd(client.expectNothingOpen)
  return client
}

export type Loop = AsyncIterableIterator<FollowEvent, undefined>

/** Everything that a loop is given until its end. */
export const collect = async (loop: AsyncIterable<FollowEvent>): Promise<FollowEvent[]> => {
  const events: FollowEvent[] = []
  for await (const event of loop) events.push(event)
  return events
}
