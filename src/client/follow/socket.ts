import { refusalOf } from '../problem.ts'
import type { Transport } from '../transport.ts'

/** What the client needs of a WebSocket: browsers, Bun, Node 22 and the package `ws` have it. */
export interface Socket {
  addEventListener(type: 'open' | 'error', listener: () => void): void
  addEventListener(type: 'close', listener: (event: { code?: number }) => void): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  send(text: string): void
  close(code?: number): void
  /** Closes without a handshake, where that can be done. */
  terminate?(): void
}

/** The second parameter is what differs: a browser's takes protocols, every other takes options with headers. */
export type SocketConstructor = new (url: string, options?: never) => Socket

/** Rejects when there is nothing to open, with a SheafError if the server refused; or when nobody waits for it any more. */
export type Open = (signal: AbortSignal) => Promise<Socket>

/** What goes along with the handshake. */
interface Credentials {
  query?: string
  options?: { headers: Record<string, string> }
}

/**
 * How to open the channel, or undefined where it cannot be: without a server that listens, or without a WebSocket (Node
 * 20). There, jobs are followed over Server-Sent Events.
 */
export const opener = (
  transport: Transport,
  WebSocket: SocketConstructor | undefined = globalThis.WebSocket,
): Open | undefined => {
  if (!transport.remote || WebSocket === undefined) return undefined
  return async (signal) => {
    const { query = '', options } = await credentialsFor(transport, signal)
    const base = await transport.where.get()
    signal.throwIfAborted()
    const url = `${base.replace(/^http/, 'ws')}/events${query}`
    const socket = options ? new WebSocket(url, options as never) : new WebSocket(url)
    // What follows an error is a close, which says as much.
    socket.addEventListener('error', () => {})
    // Unless it was we who closed it, the server may be somewhere else by now.
    socket.addEventListener('close', ({ code }) => code !== 1000 && transport.where.drop(base))
    return socket
  }
}

/** A token may have run out since the last connection. A browser's WebSocket sends no headers, so there it is a ticket that goes along. */
const credentialsFor = async (transport: Transport, signal: AbortSignal): Promise<Credentials> => {
  const token = await transport.token?.renewed()
  if (token === undefined) return {}
  if (!inBrowser()) return { options: { headers: { authorization: `Bearer ${token}` } } }
  const response = await transport.fetch('/tickets', { method: 'POST', signal })
  if (!response.ok) throw await refusalOf(response)
  const { ticket }: { ticket: string } = await response.json()
  return { query: `?ticket=${encodeURIComponent(ticket)}` }
}

/** A page, or a worker of one. */
const inBrowser = () => 'document' in globalThis || 'WorkerGlobalScope' in globalThis
