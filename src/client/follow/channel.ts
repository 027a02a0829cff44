import type { ServerMessage } from '../../job/events.ts'
import type { QueueView } from '../../job/queue-wire.ts'
import { SheafError } from '../errors.ts'
import { Line, type LineOptions } from './line.ts'
import type { QueueSource } from './queue-loop.ts'
import type { Reader, Source } from './reader.ts'
import { Topic } from './topic.ts'
import { Watches } from './watches.ts'
import { Why, type WhyRefused } from './why.ts'

interface ChannelOptions extends LineOptions {
  whyRefused: WhyRefused
  /** Asks for a queue as it stands. */
  queue(name: string): Promise<QueueView>
}

/** Every job that is followed, and every queue that is watched, over one socket, which is there for as long as one is. */
export class Channel {
  #topics = new Map<string, Topic>()
  /** How many want the line: the readers of topics, and the loops to which more jobs may come. */
  #users = 0
  #line: Line
  #watches: Watches
  /** The topics that wait for the answer to a ping, by its number. */
  #fences = new Map<number, Topic>()
  #lastFence = 0
  #why: Why

  constructor(readonly options: ChannelOptions) {
    this.#line = new Line(options, {
      up: () => {
        this.#resetAll()
        this.#watches.up()
      },
      down: (opened) => {
        this.#resetAll()
        const [job] = this.#topics.keys()
        if (!opened && (job !== undefined || this.#watches.any)) void this.#why.ask(job)
      },
      lost: (error) => this.#failAll(error),
      message: (message) => this.#receive(message),
    })
    this.#why = new Why(options.whyRefused, (error) => this.#failAll(error))
    this.#watches = new Watches(this.#line, options.queue)
  }

  /** Where loops over queues have theirs from. */
  readonly queues: QueueSource = {
    want: (loop) => {
      this.#watches.join(loop)
      this.#line.open()
    },
    leave: (loop) => {
      if (this.#watches.leave(loop)) this.#closeIfIdle()
    },
  }

  source(job: string): Source {
    return {
      want: (reader) => this.#want(job, reader),
      pause: () => this.#topics.get(job)?.relax(),
      leave: (reader) => this.#leave(job, reader),
    }
  }

  /** Keeps the line, once it is open, until what is returned is called. */
  keep(): () => void {
    this.#users += 1
    return () => {
      this.#users -= 1
      this.#closeIfIdle()
    }
  }

  #want(job: string, reader: Reader): void {
    let topic = this.#topics.get(job)
    if (topic === undefined) {
      topic = new Topic(job, this.#line, (fenced) => {
        this.#fences.set(++this.#lastFence, fenced)
        return this.#lastFence
      })
      this.#topics.set(job, topic)
    }
    if (!topic.readers.has(reader)) this.#users += 1
    topic.readers.add(reader)
    this.#line.open()
    topic.refresh()
  }

  #leave(job: string, reader: Reader): void {
    const topic = this.#topics.get(job)
    if (!topic?.readers.delete(reader)) return
    this.#users -= 1
    topic.relax()
    this.#forgetIdle(topic)
    this.#closeIfIdle()
  }

  #closeIfIdle(): void {
    if (this.#watches.any || this.#users > 0) return
    this.#line.close()
    this.#why.stop()
    this.#topics.clear()
    this.#fences.clear()
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case 'job':
      case 'tasks':
      case 'progress':
        this.#topics.get(message.job)?.deliver(message)
        return
      case 'queue':
        this.#watches.deliver(message.data)
        return
      case 'selection':
        // Nothing is selected over this socket.
        return
      case 'pong':
        if (typeof message.id === 'number') this.#passed(message.id)
        return
      case 'error': {
        const error = new SheafError(message.code, message.message)
        if (message.job !== undefined) this.#topics.get(message.job)?.fail(error)
        else if (message.queues !== undefined) this.#watches.fail(error, message.queues)
        // It refuses something that was asked of it: which, it does not say.
        else for (const topic of [...this.#topics.values()]) if (topic.unanswered) topic.fail(error)
        return
      }
      default:
        // A newer server may have more to say.
        message satisfies never
    }
  }

  #passed(fence: number): void {
    const topic = this.#fences.get(fence)
    this.#fences.delete(fence)
    topic?.passed(fence)
    if (topic) this.#forgetIdle(topic)
  }

  #forgetIdle(topic: Topic): void {
    if (topic.idle) this.#topics.delete(topic.job)
  }

  #resetAll(): void {
    this.#fences.clear()
    for (const topic of [...this.#topics.values()]) {
      topic.reset()
      this.#forgetIdle(topic)
    }
  }

  #failAll(error: unknown): void {
    this.#watches.fail(error)
    for (const { readers } of [...this.#topics.values()])
      for (const reader of [...readers]) reader.fail(error)
  }
}
