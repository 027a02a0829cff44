import type { ErrorEvent, FollowEvent, PongEvent, ServerMessage } from '../../../src/job/events.ts'
import { hasEnded } from '../../../src/job/state.ts'
import { FrameReader, frameOf, isClose, isPing, isText } from './frames.ts'
import type { Filter, Line, Listener, Subscription, Transport } from './line.ts'
import { Tcp } from './tcp.ts'

const handshake =
  'GET /events HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'

/** The channel by hand: one socket, over which any number of jobs is followed, each once. */
export const socket: Transport = {
  name: 'WebSocket',
  shares: false,
  filters: true,
  returns: false,
  open: (url, flaw) => SocketLine.open(url, flaw),
}

interface Followed {
  job: string
  listener: Listener
  /** The ping whose answer says that nothing more will come. */
  fence: number | undefined
  over(): void
}

class SocketLine implements Line {
  #followed = new Map<string, Followed>()
  #fences = new Map<number, () => void>()
  #pings = 0
  #gone = false

  static async open(url: string, flaw: (what: string) => void): Promise<SocketLine> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    let upgraded = false
    const frames = new FrameReader((opcode, payload) => line.#frame(opcode, payload))
    let head = Buffer.alloc(0)
    const tcp = await Tcp.open(url, (bytes) => {
      if (upgraded) return frames.take(bytes)
      head = Buffer.concat([head, bytes])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      upgraded = true
      if (head.includes(' 101 ')) resolve()
      else reject(new Error(`No upgrade: ${head}`))
      frames.take(head.subarray(end + 4))
    })
    const line = new SocketLine(tcp, flaw)
    tcp.write(handshake)
    void tcp.closed.then(() => reject(new Error('Closed before it was open')))
    await promise
    return line
  }

  private constructor(
    readonly tcp: Tcp,
    readonly flaw: (what: string) => void,
  ) {
    void tcp.closed.then(() => this.#lost())
  }

  follow(
    job: string,
    { after, filter }: { after: number | undefined; filter: Filter },
    listener: Listener,
  ): Subscription {
    const followed: Followed = {
      job,
      listener,
      fence: undefined,
      over: () => {
        if (this.#followed.get(job) === followed) this.#followed.delete(job)
        listener.over()
      },
    }
    if (this.#gone) listener.over()
    else {
      this.#followed.set(job, followed)
      this.#send({ type: 'subscribe', job, ...(after !== undefined && { after }), ...filter })
    }
    return { leave: () => this.#leave(followed) }
  }

  hold(): void {
    this.tcp.hold()
  }

  go(): void {
    this.tcp.go()
  }

  drained(): Promise<void> {
    return this.tcp.closed
  }

  /** The closing handshake (RFC 6455, 7.1), or none. */
  async close(how: 'politely' | 'rudely'): Promise<void> {
    this.#gone = true
    if (how === 'rudely') return this.tcp.vanish()
    this.tcp.go()
    this.tcp.write(frameOf(Buffer.from([0x03, 0xe8]), 'close'))
    await this.tcp.closed
  }

  #leave(followed: Followed): Promise<void> {
    if (this.#gone || this.#followed.get(followed.job) !== followed) return Promise.resolve()
    const fence = ++this.#pings
    const { promise, resolve } = Promise.withResolvers<void>()
    followed.fence = fence
    this.#fences.set(fence, () => {
      followed.over()
      resolve()
    })
    this.#send({ type: 'unsubscribe', job: followed.job })
    this.#send({ type: 'ping', id: fence })
    return promise
  }

  #send(message: object): void {
    this.tcp.write(frameOf(Buffer.from(JSON.stringify(message))))
  }

  #frame(opcode: number, payload: Buffer): void {
    // What the server says is held to its schema by who is told.
    if (isText(opcode)) this.#hear(JSON.parse(payload.toString('utf8')))
    else if (isPing(opcode)) this.tcp.write(frameOf(payload, 'pong'))
    else if (isClose(opcode)) this.#closing(payload)
    else this.flaw(`a frame with opcode ${opcode}`)
  }

  #closing(payload: Buffer): void {
    const code = payload.length < 2 ? undefined : payload.readUInt16BE(0)
    if (!this.#gone && code !== 1012) this.flaw(`closed with ${code} ${payload.subarray(2)}`)
    this.tcp.write(frameOf(payload, 'close'))
  }

  #hear(message: ServerMessage): void {
    if (this.#gone) return
    if (message.type === 'pong') this.#passed(message)
    else if (message.type === 'error') this.#refused(message)
    else if (message.type === 'queue' || message.type === 'selection')
      this.flaw(`a ${message.type} that was not asked for`)
    else this.#told(message)
  }

  #passed({ id }: PongEvent): void {
    if (typeof id !== 'number') return
    this.#fences.get(id)?.()
    this.#fences.delete(id)
  }

  #refused({ job, code, message }: ErrorEvent): void {
    const followed = this.#followed.get(job ?? '')
    if (followed) {
      followed.listener.refused(code)
      followed.over()
    } else this.flaw(`an error for nobody: ${code} ${message}`)
  }

  #told(event: FollowEvent): void {
    const followed = this.#followed.get(event.job)
    // Of what was left, something may still be on its way.
    if (followed?.fence !== undefined) return
    if (followed) {
      followed.listener.event(event)
      // The server ends the subscription by itself.
      if (event.type === 'job' && hasEnded(event.data.state)) followed.over()
    } else this.flaw(`${event.type} of a job that is not followed`)
  }

  #lost(): void {
    this.#gone = true
    for (const followed of [...this.#followed.values()]) followed.over()
    for (const passed of this.#fences.values()) passed()
    this.#fences.clear()
  }
}
