import { connect, type Socket } from 'node:net'

/** A connection whose bytes are taken as they come, or left where they are. */
export class Tcp {
  /** Resolves when it is closed, by whomever, and all that came over it was taken. */
  readonly closed: Promise<void>

  private constructor(
    readonly socket: Socket,
    take: (bytes: Buffer) => void,
  ) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    socket.on('data', take)
    socket.on('error', () => {})
    socket.on('close', () => resolve())
  }

  /** Rejects when nobody listens there. */
  static async open(url: string, take: (bytes: Buffer) => void): Promise<Tcp> {
    const { hostname, port } = new URL(url)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const socket = connect(Number(port), hostname, resolve)
    socket.once('error', reject)
    const tcp = new Tcp(socket, take)
    await promise
    return tcp
  }

  write(data: string | Uint8Array): void {
    this.socket.write(data)
  }

  hold(): void {
    this.socket.pause()
  }

  go(): void {
    this.socket.resume()
  }

  /** Is gone without a word. */
  async vanish(): Promise<void> {
    this.socket.destroy()
    await this.closed
  }
}
