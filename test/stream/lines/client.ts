import { connect, type FollowEvent, type Sheaf, SheafError } from '../../../src/client.ts'
import { systemClock } from '../../../src/clock.ts'
import type { Filter, Line, Listener, Subscription, Transport } from './line.ts'

/** Of the delay before it connects again the client draws a hundredth. */
const eager = { ...systemClock, random: () => 0.01 }
/** So few events wait for a slow loop that it often has to pause its subscription. */
const buffer = 4

/** Our own client: loops over jobs, which find back by themselves. */
const loops = (name: string, connectTo: (url: string) => Sheaf): Transport => ({
  name,
  shares: true,
  filters: true,
  returns: true,
  open: async (url) => new ClientLine(connectTo(url)),
})

/** All loops on one socket. */
export const client = loops('for await', (url) => connect(url, { clock: eager, buffer }))

/** Where there is no WebSocket, each loop has a stream of its own: as for an app that is called, and in truth listens elsewhere. */
export const clientOverSse = loops('for await over Server-Sent Events', (url) => {
  const handle = (request: Request) => fetch(new Request(url + pathOf(request.url), request))
  return connect({ handle }, { clock: eager, buffer })
})

const pathOf = (url: string) => {
  const { pathname, search } = new URL(url)
  return pathname + search
}

class ClientLine implements Line {
  #loops = new Set<Loop>()
  #gate = Promise.resolve()
  #open = () => {}

  constructor(readonly sheaf: Sheaf) {}

  follow(
    job: string,
    { after = 'now', filter }: { after: number | 'now' | undefined; filter: Filter },
    listener: Listener,
  ): Subscription {
    const events = this.sheaf.job(job).follow({ after, ...filter })
    const loop = new Loop(events, listener, () => this.#gate)
    this.#loops.add(loop)
    void loop.over.then(() => this.#loops.delete(loop))
    return loop
  }

  hold(): void {
    this.go()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#gate = promise
    this.#open = resolve
  }

  go(): void {
    this.#open()
  }

  /** It outlives its servers. */
  async drained(): Promise<void> {}

  /** Leaves each loop, or takes the whole client down under them. */
  async close(how: 'politely' | 'rudely'): Promise<void> {
    const loops = [...this.#loops]
    for (const loop of loops) loop.left = true
    this.go()
    if (how === 'politely') await Promise.all(loops.map((loop) => loop.leave()))
    await this.sheaf.close()
    await Promise.all(loops.map(({ over }) => over))
  }
}

class Loop implements Subscription {
  readonly over: Promise<void>
  left = false

  constructor(
    readonly events: AsyncIterableIterator<FollowEvent, undefined>,
    readonly listener: Listener,
    readonly gate: () => Promise<void>,
  ) {
    this.over = this.#read()
  }

  async leave(): Promise<void> {
    this.left = true
    await this.events.return?.()
    // One that is held finds out when it goes on.
  }

  async #read(): Promise<void> {
    try {
      for await (const event of this.events) {
        if (this.left) break
        this.listener.event(event)
        await this.gate()
      }
    } catch (error) {
      if (!this.left) this.listener.refused(error instanceof SheafError ? error.code : String(error))
    }
    this.listener.over()
  }
}
