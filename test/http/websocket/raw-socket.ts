import { RawConnection } from '../raw.ts'
import { opcodes, text } from './frame.ts'

export const handshakeHeaders = {
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
}

export const handshake = (
  address: string,
  headers: Record<string, string> = {},
  path = '/events',
): string => {
  const lines = Object.entries({ Host: address, ...handshakeHeaders, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}

interface Received {
  opcode: number
  payload: Buffer
}

/** What came of a connection: it answers, or it was closed with this code and reason. */
export type Outcome = 'open' | { code: number | undefined; reason: string }

/** A WebSocket whose frames are put on the wire byte by byte. */
export class RawSocket implements Disposable {
  private constructor(readonly connection: RawConnection) {}

  /** Opens the socket; `first` goes out in the same packet as the handshake. */
  static async open(address: string, first: Uint8Array = new Uint8Array()): Promise<RawSocket> {
    const connection = await RawConnection.open(address)
    await connection.write(Buffer.concat([Buffer.from(handshake(address)), first]))
    const { status } = await connection.readResponse()
    if (status !== 101) throw new Error(`The handshake was answered with ${status}`)
    return new RawSocket(connection)
  }

  send(...frames: Uint8Array[]): Promise<void> {
    return this.connection.write(Buffer.concat(frames))
  }

  /** Gives the frames that come, until the other side closes the connection. */
  async *frames(): AsyncGenerator<Received> {
    for (;;) {
      const head = await this.connection.readBytes(2)
      if (head === undefined) return
      const [first = 0, second = 0] = head
      const short = second & 127
      const more = short === 126 ? await this.connection.readBytes(2) : undefined
      const payload = await this.connection.readBytes(more ? more.readUInt16BE(0) : short)
      yield { opcode: first & 15, payload: payload ?? Buffer.alloc(0) }
    }
  }

  /** Says `ping` after all that was sent, and waits for its answer or the end, whichever comes. Gives what came before, too. */
  async outcome(): Promise<{ outcome: Outcome; before: Received[] }> {
    await this.send(text({ type: 'ping', id: 'are you there?' }))
    const before: Received[] = []
    for await (const received of this.frames()) {
      const { opcode, payload } = received
      if (opcode === opcodes.close) {
        const code = payload.length >= 2 ? payload.readUInt16BE(0) : undefined
        return { outcome: { code, reason: payload.subarray(2).toString() }, before }
      }
      if (payload.includes('are you there?') && payload.includes('pong')) return { outcome: 'open', before }
      before.push(received)
    }
    throw new Error('The connection was cut without a close frame')
  }

  /** Goes without a word. */
  [Symbol.dispose](): void {
    this.connection[Symbol.dispose]()
  }
}
