import type { Engine } from '../../engine/engine.ts'
import { Problem } from '../../job/errors.ts'
import type { ErrorEvent, PongEvent } from '../../job/events.ts'
import type { Log } from '../../log.ts'
import { type OfQueues, readCommand } from './command.ts'
import { Outbox, type Socket } from './outbox.ts'
import { QueueWatch } from './queue-watch.ts'

/** How many jobs one socket may follow. */
export const mostSubscriptions = 10_000

/** One connection to the channel, the jobs that it follows, and the queues that it watches. */
export class Session {
  readonly outbox: Outbox
  readonly #queues: QueueWatch
  #subscriptions = new Map<string, AbortController>()

  constructor(
    socket: Socket,
    readonly engine: Engine,
    readonly log: Log,
  ) {
    this.outbox = new Outbox(socket)
    this.#queues = new QueueWatch(engine, this.outbox, (error, queues) => this.#tell(error, { queues }))
  }

  /** Takes one message. Whatever is wrong with it is said, and changes nothing else. */
  receive(message: string | Uint8Array): void {
    try {
      const command = readCommand(message)
      if (command.type === 'ping') this.#pong(command.id)
      else if ('queues' in command) this.#watch(command)
      else if (command.type === 'subscribe') this.#subscribe(command.job.toLowerCase(), command.after)
      else this.#unsubscribe(command.job.toLowerCase())
    } catch (error) {
      this.#tell(error, error instanceof Problem ? error.extensions : {})
    }
  }

  close(): void {
    this.outbox.close()
    this.#queues.close()
    for (const abort of this.#subscriptions.values()) abort.abort()
    this.#subscriptions.clear()
  }

  #pong(id: PongEvent['id']): void {
    const event: PongEvent = id === undefined ? { type: 'pong' } : { type: 'pong', id }
    this.outbox.reply(JSON.stringify(event))
  }

  #watch({ type, queues }: OfQueues): void {
    for (const pattern of typeof queues === 'string' ? [queues] : queues) {
      if (type === 'subscribe') this.#queues.add(pattern)
      else this.#queues.remove(pattern)
    }
  }

  /** A second subscription to the same job takes the place of the first. */
  #subscribe(job: string, after: number | undefined): void {
    if (!this.#subscriptions.has(job) && this.#subscriptions.size >= mostSubscriptions)
      throw new Problem(
        'conflict',
        `Expected at most ${mostSubscriptions} subscriptions a socket, got one more.`,
        { job },
      )
    this.#unsubscribe(job)
    const abort = new AbortController()
    this.#subscriptions.set(job, abort)
    void this.#pump(job, after, abort)
  }

  #unsubscribe(job: string): void {
    const abort = this.#subscriptions.get(job)
    if (abort === undefined) return
    this.#subscriptions.delete(job)
    abort.abort()
    this.outbox.withdraw(abort)
  }

  /** Takes a frame out of the log when the one before is on its way: a slow reader is one that asks seldom. */
  async #pump(job: string, after: number | undefined, abort: AbortController): Promise<void> {
    let last = false
    try {
      for await (const frame of this.engine.follow(job, { after, signal: abort.signal })) {
        last = frame.last
        if (abort.signal.aborted || !(await this.outbox.send(abort, frame.text))) break
      }
      if (!last && !abort.signal.aborted) await this.#tellDeleted(job)
    } catch (error) {
      if (!abort.signal.aborted) this.#tell(error, { job })
    } finally {
      if (this.#subscriptions.get(job) === abort) this.#subscriptions.delete(job)
    }
  }

  /** A job that goes before it was read to its end has no last event: whoever follows it is told instead. */
  async #tellDeleted(job: string): Promise<void> {
    if ((await this.engine.store.job(job)) !== undefined) return
    this.#tell(new Problem('not_found', `The job ${job} was deleted.`), { job })
  }

  #tell(error: unknown, { job, queues }: { job?: unknown; queues?: unknown }): void {
    const known = error instanceof Problem
    const about = {
      ...(typeof job === 'string' && { job }),
      ...(typeof queues === 'string' && { queues }),
    }
    if (!known) this.log.error('A message of the channel failed', { ...about, error })
    const event: ErrorEvent = {
      type: 'error',
      code: known ? error.code : 'internal',
      message: known ? error.detail : 'The server failed. Its log says why.',
      ...about,
    }
    this.outbox.reply(JSON.stringify(event))
  }
}
