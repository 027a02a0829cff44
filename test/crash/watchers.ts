import { connect, type Sheaf } from 'sheaf/client'
import { systemClock } from '../../src/clock.ts'
import { Journal } from './journal.ts'
import { SocketWatcher } from './socket-watcher.ts'
import { StreamWatcher } from './stream-watcher.ts'

/** Of the delay before it connects again the client draws a hundredth: servers do not live long here. */
const eager = { ...systemClock, random: () => 0.01 }

/** Who follows the large job all the time: a bare socket, a bare stream, and our own client. */
export class Watchers implements AsyncDisposable {
  readonly socket: SocketWatcher
  readonly stream: StreamWatcher
  readonly client: Sheaf
  readonly journals: readonly Journal[]
  /** Rejects when the client gives up. */
  readonly failed: Promise<never>
  readonly finished: Promise<unknown>

  constructor(url: string, job: string, ended: () => void) {
    const bare = new Journal('the bare socket', ended)
    const events = new Journal('the stream')
    const client = new Journal('the client')
    this.socket = new SocketWatcher(url, job, bare)
    this.stream = new StreamWatcher(url, job, events)
    this.journals = [bare, events, client]
    this.finished = Promise.all(this.journals.map((journal) => journal.finished))
    this.client = connect(url, { clock: eager })
    this.failed = this.#follow(job, client)
  }

  /** How many tasks the bare socket has seen the end of. */
  get ended(): number {
    return this.socket.journal.ends.size
  }

  /** Resolves when the bare socket and the stream have taken all that a dead server sent. */
  async lost(): Promise<void> {
    await Promise.all([this.socket.lost(), this.stream.lost()])
  }

  get faults(): string[] {
    return this.journals.flatMap(({ faults }) => faults)
  }

  describe(): string {
    return this.journals
      .map(({ who, ends, seq }) => `${who} saw ${ends.size} ends up to seq ${seq}`)
      .join(', ')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.stop()
    this.stream.stop()
    await this.client.close()
  }

  /** Rejects when the events end in any other way than with the end of the job; else it is never done. */
  async #follow(job: string, journal: Journal): Promise<never> {
    for await (const event of this.client.job(job).follow({ after: 0 })) journal.take(event)
    if (!journal.isFinished) throw new Error('The events of the client ended before the job did')
    return new Promise(() => {})
  }
}
