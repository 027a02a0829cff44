import type { FollowEvent } from '../../../src/job/events.ts'
import { Response } from './chunks.ts'
import type { Filter, Line, Listener, Subscription, Transport } from './line.ts'
import { Tcp } from './tcp.ts'

/** Server-Sent Events over connections of their own, one for each subscription. */
export const sse: Transport = {
  name: 'Server-Sent Events',
  shares: true,
  filters: true,
  returns: false,
  open: async (url, flaw) => new SseLine(url, flaw),
}

class SseLine implements Line {
  #streams = new Set<Stream>()
  #held = false

  constructor(
    readonly url: string,
    readonly flaw: (what: string) => void,
  ) {}

  follow(job: string, options: { after: number | undefined; filter: Filter }, listener: Listener) {
    const stream = new Stream(`/jobs/${job}/events`, options, {
      ...listener,
      over: () => {
        this.#streams.delete(stream)
        listener.over()
      },
    })
    this.#streams.add(stream)
    void stream.open(this.url, this.flaw, this.#held)
    return stream
  }

  hold(): void {
    this.#held = true
    for (const stream of this.#streams) stream.hold()
  }

  go(): void {
    this.#held = false
    for (const stream of this.#streams) stream.go()
  }

  async drained(): Promise<void> {
    await Promise.all([...this.#streams].map(({ ended }) => ended))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#streams].map((stream) => stream.leave()))
  }
}

class Stream implements Subscription {
  #tcp: Promise<Tcp> | undefined
  #text = ''
  #left = false
  #over = Promise.withResolvers<void>()
  readonly ended = this.#over.promise
  readonly #decoder = new TextDecoder()

  constructor(
    readonly path: string,
    readonly options: { after: number | undefined; filter: Filter },
    readonly listener: Listener,
  ) {}

  async open(url: string, flaw: (what: string) => void, held: boolean): Promise<void> {
    const response = new Response({
      status: (status) => status !== 200 && this.#refused(status),
      body: (bytes) => this.#take(this.#decoder.decode(bytes, { stream: true }), flaw),
      end: () => void this.#tcp?.then((tcp) => tcp.vanish()),
    })
    this.#tcp = Tcp.open(url, (bytes) => this.#left || response.take(bytes))
    try {
      const tcp = await this.#tcp
      tcp.write(this.#request)
      if (held) tcp.hold()
      await tcp.closed
    } catch {
      // Nobody listens: as good as a connection that was lost.
    }
    this.listener.over()
    this.#over.resolve()
  }

  hold(): void {
    void this.#tcp?.then((tcp) => tcp.hold()).catch(() => {})
  }

  go(): void {
    void this.#tcp?.then((tcp) => tcp.go()).catch(() => {})
  }

  /** There is no other way to leave a stream than to be gone. */
  async leave(): Promise<void> {
    this.#left = true
    const tcp = await this.#tcp?.catch(() => undefined)
    await tcp?.vanish()
    await this.ended
  }

  /** Half of them say where they were as a browser does, half as a program does. */
  get #request(): string {
    const { after, filter } = this.options
    const query = new URLSearchParams()
    if (filter.states) query.set('states', filter.states.join(','))
    if (filter.keys) query.set('keys', filter.keys.join(','))
    if (filter.output === false) query.set('output', 'false')
    const asBrowser = after !== undefined && after % 2 === 0
    if (after !== undefined && !asBrowser) query.set('after', String(after))
    const header = asBrowser ? `Last-Event-ID: ${after}\r\n` : ''
    const search = query.size === 0 ? '' : `?${query}`
    return `GET ${this.path}${search} HTTP/1.1\r\nHost: localhost\r\n${header}\r\n`
  }

  #refused(status: number): void {
    const codes: Record<number, string> = { 204: 'seen', 404: 'not_found', 503: 'unavailable' }
    this.listener.refused(codes[status] ?? String(status))
    void this.leave()
  }

  #take(text: string, flaw: (what: string) => void): void {
    const blocks = (this.#text + text).split('\n\n')
    this.#text = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]))
      const data = fields.get('data')
      if (data === undefined) continue
      // What the server says is held to its schema by who is told.
      const event: FollowEvent = JSON.parse(data)
      const id = event.type === 'progress' ? undefined : String(event.seq)
      if (fields.get('event') !== event.type || fields.get('id') !== id)
        flaw(`${event.type} ${id} came as ${fields.get('event')} ${fields.get('id')}`)
      this.listener.event(event)
    }
  }
}
