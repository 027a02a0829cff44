import { responseEnd } from '../rig/response.ts'
import { serveTool } from '../rig/tool.ts'
import { quantile } from '../statistics.ts'

export interface LoadQuestion {
  url: string
  /** What to ask for, one after the other and from the first again. Default: the path of the URL. */
  paths?: readonly string[]
  method: 'GET' | 'POST'
  body?: string
  connections: number
  forMs: number
}

export interface LoadAnswer {
  rate: number
  p50Ms: number
  p99Ms: number
  mostMs: number
}

/**
 * Sends the same requests over and over on so many connections at once, the next as soon as an answer is there. On raw sockets, as
 * `fetch` would cost more than what is measured. Answers that are not 2xx fail the run.
 */
const run = async ({
  url,
  paths = [url],
  connections,
  forMs,
  ...asked
}: LoadQuestion): Promise<LoadAnswer> => {
  const requests = paths.map((path) => requestOf(new URL(path, url), asked))
  let sent = 0
  const next = () => requests[sent++ % requests.length] ?? ''
  const latencies: number[] = []
  const started = performance.now()
  const until = started + forMs
  await Promise.all(
    Array.from({ length: connections }, () => keepAsking(new URL(url), next, until, latencies)),
  )
  const seconds = (performance.now() - started) / 1_000
  return {
    rate: latencies.length / seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    mostMs: quantile(latencies, 1),
  }
}

const requestOf = (
  { host, pathname, search }: URL,
  { method, body = '' }: Pick<LoadQuestion, 'method' | 'body'>,
): string => {
  const about =
    method === 'POST'
      ? `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`
      : ''
  return `${method} ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\n${about}\r\n${body}`
}

const keepAsking = async (
  { hostname, port }: URL,
  next: () => string,
  until: number,
  latencies: number[],
): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let sent = 0
  let unread: Buffer | undefined
  const ask = (socket: Bun.Socket) => {
    const request = next()
    sent = performance.now()
    if (socket.write(request) !== request.length) reject(new Error('A request did not fit the socket'))
  }
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      open: ask,
      data: (socket, chunk) => {
        const received = unread ? Buffer.concat([unread, chunk]) : chunk
        const end = responseEnd(received)
        if (end === undefined) {
          unread = Buffer.from(received)
          return
        }
        if (end !== received.length) return reject(new Error('Expected one answer to a request, got more'))
        unread = undefined
        const now = performance.now()
        latencies.push(now - sent)
        if (now < until) ask(socket)
        else resolve()
      },
      error: (_, error) => reject(error),
      close: () => reject(new Error('The server closed a connection')),
    },
  })
  return promise.finally(() => socket.terminate())
}

serveTool(run)
