import { connect, type Socket } from 'node:net'
import { frameOf, textsIn } from '../bench/rig/raw-socket.ts'

const handshake =
  'GET /events HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'
const headEnd = Buffer.from('\r\n\r\n')

/** A client of the channel that reads as many bytes as the test says, and answers no ping. */
export class RawChannel implements Disposable {
  #received: Buffer[] = []
  readonly closed: Promise<void>

  private constructor(readonly socket: Socket) {
    socket.on('error', () => {})
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
  }

  /** `address` is `127.0.0.1:PORT`. */
  static async open(address: string): Promise<RawChannel> {
    const [host = '', port] = address.split(':')
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const socket = connect(Number(port), host, resolve)
    socket.once('error', reject)
    const channel = new RawChannel(socket)
    await promise
    socket.write(handshake)
    const head: Buffer[] = []
    while (Buffer.concat(head).indexOf(headEnd) < 0) head.push(await channel.#readable(1))
    return channel
  }

  subscribe(job: string, after: number): void {
    this.socket.write(frameOf({ type: 'subscribe', job, after }))
  }

  /** Takes so many bytes, if they are there. */
  take(count: number): void {
    const bytes: Buffer | null = this.socket.read(count)
    if (bytes) this.#received.push(bytes)
  }

  get received(): number {
    return this.#received.reduce((sum, { length }) => sum + length, 0)
  }

  /** Reads everything up to a message that is the last of a job; all messages since it was opened. */
  async readToEnd(): Promise<string[]> {
    while (!this.#received.at(-1)?.toString('latin1').endsWith('}}') || !this.#hasEnd())
      this.#received.push(await this.#readable())
    return [...textsIn(Buffer.concat(this.#received))]
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }

  #hasEnd(): boolean {
    const tail = Buffer.concat(this.#received.slice(-2)).toString('latin1').slice(-600)
    return tail.includes('"finishedAt":"')
  }

  async #readable(count?: number): Promise<Buffer> {
    for (;;) {
      const bytes: Buffer | null = this.socket.read(count)
      if (bytes) return bytes
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const lost = () => reject(new Error('The server closed the connection'))
      this.socket.once('readable', resolve)
      this.socket.once('close', lost)
      await promise.finally(() => this.socket.off('close', lost))
    }
  }
}
