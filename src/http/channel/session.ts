import type { Engine } from '../../engine/engine.ts'
import type { Following, Reader } from '../../engine/follow.ts'
import type { Frame } from '../../engine/frame.ts'
import { Turns } from '../../engine/turns.ts'
import { Problem } from '../../job/errors.ts'
import type { ErrorEvent, PongEvent } from '../../job/events.ts'
import { filterOf } from '../../job/filter.ts'
import type { Log } from '../../log.ts'
import { mostSubscriptions } from './bounds.ts'
import { type OfQueues, readCommand, type Subscribe } from './command.ts'
import { Outbox, type Socket } from './outbox.ts'
import { QueueWatch } from './queue-watch.ts'

interface SessionOptions {
  engine: Engine
  log: Log
  /** The most that the socket may have in its buffer, in bytes. */
  bufferBytes: number
}

/** One connection to the channel, the jobs that it follows, and the queues that it watches. */
export class Session implements Reader {
  readonly outbox: Outbox
  readonly #queues: QueueWatch
  readonly #turns: Turns
  #subscriptions = new Map<string, Following>()

  constructor(
    socket: Socket,
    readonly options: SessionOptions,
  ) {
    this.outbox = new Outbox(socket, options.bufferBytes)
    this.#turns = new Turns(this.outbox.hasRoom)
    this.#queues = new QueueWatch(options.engine, this.outbox, (error, queues) =>
      this.#tell(error, { queues }),
    )
  }

  /** Takes one message. Whatever is wrong with it is said, and changes nothing else. */
  receive(message: string | Uint8Array): void {
    try {
      const command = readCommand(message)
      if (command.type === 'ping') this.#pong(command.id)
      else if ('queues' in command) this.#watch(command)
      else if (command.type === 'subscribe') this.#subscribe(command)
      else this.#unsubscribe(command.job.toLowerCase())
    } catch (error) {
      this.#tell(error, error instanceof Problem ? error.extensions : {})
    }
  }

  /** To be called when the buffer has been emptied. */
  drained(): void {
    this.outbox.drained()
    this.#turns.goOn()
  }

  close(): void {
    this.outbox.close()
    this.#queues.close()
    for (const job of this.#subscriptions.keys()) this.#unsubscribe(job)
  }

  offer(_: Frame, text: string): boolean {
    return this.outbox.offer(text)
  }

  behind(following: Following): void {
    this.#turns.add(following)
  }

  over(following: Following, error?: unknown): void {
    const { job } = following
    this.#subscriptions.delete(job)
    if (error !== undefined) this.#tell(error, { job })
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
  #subscribe({ job: id, after, states, keys, output }: Subscribe): void {
    const job = id.toLowerCase()
    if (!this.#subscriptions.has(job) && this.#subscriptions.size >= mostSubscriptions)
      throw new Problem(
        'conflict',
        `Expected at most ${mostSubscriptions} subscriptions a socket, got one more.`,
        { job },
      )
    this.#unsubscribe(job)
    const filter = filterOf({ states, keys, output })
    this.#subscriptions.set(job, this.options.engine.follow(job, { after, filter }, this))
  }

  #unsubscribe(job: string): void {
    const following = this.#subscriptions.get(job)
    if (following === undefined) return
    this.#subscriptions.delete(job)
    following.stop()
    this.#turns.remove(following)
  }

  #tell(error: unknown, { job, queues }: { job?: unknown; queues?: unknown }): void {
    const known = error instanceof Problem
    const about = {
      ...(typeof job === 'string' && { job }),
      ...(typeof queues === 'string' && { queues }),
    }
    if (!known) this.options.log.error('A message of the channel failed', { ...about, error })
    const event: ErrorEvent = {
      type: 'error',
      code: known ? error.code : 'internal',
      message: known ? error.detail : 'The server failed. Its log says why.',
      ...about,
    }
    this.outbox.reply(JSON.stringify(event))
  }
}
