import type { Transport } from '../transport.ts'

/** What the client needs of a WebSocket: browsers, Bun, Node 22 and the package `ws` have it. */
export interface Socket {
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  send(text: string): void
  close(code?: number): void
  /** Closes without a handshake, where that can be done. */
  terminate?(): void
}

/** The second parameter is what differs: a browser's takes protocols, every other takes options with headers. */
export type SocketConstructor = new (url: string, options?: never) => Socket

/**
 * How to open the channel, or undefined where it cannot be: without a server that listens, without a WebSocket (Node
 * 20), or with a token in a browser, whose WebSocket sends no headers. There, jobs are followed over Server-Sent Events.
 */
export const opener = (
  { base, remote, token }: Transport,
  WebSocket: SocketConstructor | undefined = globalThis.WebSocket,
): (() => Socket) | undefined => {
  if (!remote || WebSocket === undefined) return undefined
  const url = `${base.replace(/^http/, 'ws')}/events`
  if (token === undefined) return () => new WebSocket(url)
  if (inBrowser()) return undefined
  const options = { headers: { authorization: `Bearer ${token}` } }
  return () => new WebSocket(url, options as never)
}

/** A page, or a worker of one. */
const inBrowser = () => 'document' in globalThis || 'WorkerGlobalScope' in globalThis
