import type { Engine } from '../../engine/engine.ts'
import { Problem } from '../../job/errors.ts'
import type { ErrorEvent, PongEvent } from '../../job/events.ts'
import { filterOf } from '../../job/filter.ts'
import type { Log } from '../../log.ts'
import { longestMessage } from './bounds.ts'
import { closes } from './closes.ts'
import { type OfQueues, type OfSelection, readCommand, type Subscribe } from './command.ts'
import { Outbox, type Socket } from './outbox.ts'
import { QueueWatch } from './queue-watch.ts'
import { Selecting } from './selecting.ts'
import { Subscriptions } from './subscriptions.ts'

interface SessionOptions {
  engine: Engine
  log: Log
  /** The most that the socket may have in its buffer, in bytes. */
  bufferBytes: number
  /** How many jobs it may follow. */
  most?: number | undefined
}

/** What a message is about, by the names that it gives it. */
type About = Partial<Record<(typeof subjects)[number], unknown>>
const subjects = ['job', 'queues', 'name', 'label'] as const

/** One connection to the channel, the jobs that it follows, and the queues that it watches. */
export class Session {
  readonly outbox: Outbox
  readonly #queues: QueueWatch
  readonly #subscriptions: Subscriptions
  readonly #selecting: Selecting

  constructor(
    socket: Socket,
    readonly options: SessionOptions,
  ) {
    const { engine, bufferBytes, most } = options
    const outbox = new Outbox(socket, bufferBytes)
    this.outbox = outbox
    this.#queues = new QueueWatch(engine, outbox, (error, queues) => this.#tell(error, { queues }))
    this.#subscriptions = new Subscriptions({
      engine,
      outbox,
      most,
      tell: (error, job) => this.#tell(error, { job }),
    })
    this.#selecting = new Selecting({
      engine,
      outbox,
      subscriptions: this.#subscriptions,
      tell: (error, selected) => this.#tell(error, selected),
    })
  }

  /** Takes one message. Whatever is wrong with it is said, and changes nothing else; but one that is no text ends the connection. */
  receive(message: string | Uint8Array): void {
    const { socket } = this.outbox
    if (typeof message !== 'string') socket.close(...closes.binary)
    else if (message.length > longestMessage) socket.close(...closes.long)
    else this.#take(message)
  }

  #take(message: string): void {
    try {
      const command = readCommand(message)
      if (command.type === 'ping') this.#pong(command.id)
      else if ('queues' in command) this.#watch(command)
      else if (!('job' in command)) this.#select(command)
      else if (command.type === 'subscribe') this.#subscribe(command)
      else this.#subscriptions.remove(command.job.toLowerCase())
    } catch (error) {
      this.#tell(error, error instanceof Problem ? error.extensions : {})
    }
  }

  /** To be called when the buffer has been emptied. */
  drained(): void {
    this.outbox.drained()
    this.#subscriptions.drained()
  }

  close(): void {
    this.outbox.close()
    this.#queues.close()
    this.#selecting.close()
    this.#subscriptions.close()
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

  #select(command: OfSelection): void {
    if (command.type === 'subscribe') this.#selecting.add(command)
    else this.#selecting.remove(command)
  }

  #subscribe({ job, after, ...filter }: Subscribe): void {
    this.#subscriptions.add(job.toLowerCase(), after, filterOf(filter))
  }

  #tell(error: unknown, given: About): void {
    const known = error instanceof Problem
    const about = Object.fromEntries(
      subjects.flatMap((subject) => {
        const name = given[subject]
        return typeof name === 'string' ? [[subject, name]] : []
      }),
    )
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
