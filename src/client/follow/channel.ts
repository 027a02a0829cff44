import type { ServerMessage } from '../../job/events.ts'
import type { ClientClock } from '../clock.ts'
import { SheafError } from '../errors.ts'
import { Line } from './line.ts'
import type { Reader, Source } from './reader.ts'
import type { Socket } from './socket.ts'
import { Topic } from './topic.ts'

interface ChannelOptions {
  open(): Socket
  clock: ClientClock
  heartbeatMs: number
  maxRetryMs: number
  /** Why the server would not let us follow a job, asked over HTTP: a handshake that fails does not say. */
  whyRefused(job: string): Promise<SheafError | undefined>
}

/** Every job that is followed, over one socket, which is there for as long as one is. */
export class Channel {
  #topics = new Map<string, Topic>()
  #line: Line
  #fences = 0
  #asking = false

  constructor(readonly options: ChannelOptions) {
    this.#line = new Line(options, {
      up: () => this.#resetAll(),
      down: (opened) => {
        this.#resetAll()
        if (!opened) void this.#askWhy()
      },
      lost: (error) => this.#failAll(error),
      message: (message) => this.#receive(message),
    })
  }

  source(job: string): Source {
    return {
      want: (reader) => this.#want(job, reader),
      pause: () => this.#topics.get(job)?.relax(),
      leave: (reader) => this.#leave(job, reader),
    }
  }

  #want(job: string, reader: Reader): void {
    let topic = this.#topics.get(job)
    if (topic === undefined) {
      topic = new Topic(job, this.#line, () => ++this.#fences)
      this.#topics.set(job, topic)
    }
    topic.readers.add(reader)
    this.#line.open()
    topic.refresh()
  }

  #leave(job: string, reader: Reader): void {
    const topic = this.#topics.get(job)
    if (!topic?.readers.delete(reader)) return
    topic.relax()
    if ([...this.#topics.values()].some(({ readers }) => readers.size > 0)) this.#forgetIdle(topic)
    else {
      this.#line.close()
      this.#topics.clear()
    }
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case 'job':
      case 'tasks':
      case 'progress':
        this.#topics.get(message.job)?.deliver(message)
        return
      case 'pong':
        for (const topic of [...this.#topics.values()]) {
          if (typeof message.id === 'number') topic.passed(message.id)
          this.#forgetIdle(topic)
        }
        return
      case 'error': {
        const error = new SheafError(message.code, message.message)
        if (message.job !== undefined) this.#topics.get(message.job)?.fail(error)
        // It refuses something that was asked of it: which, it does not say.
        else for (const topic of [...this.#topics.values()]) if (topic.unanswered) topic.fail(error)
        return
      }
      default:
        // A newer server may have more to say.
        message satisfies never
    }
  }

  #forgetIdle(topic: Topic): void {
    if (topic.idle) this.#topics.delete(topic.job)
  }

  #resetAll(): void {
    for (const topic of [...this.#topics.values()]) {
      topic.reset()
      this.#forgetIdle(topic)
    }
  }

  #failAll(error: unknown): void {
    for (const { readers } of [...this.#topics.values()])
      for (const reader of [...readers]) reader.fail(error)
  }

  async #askWhy(): Promise<void> {
    const [job] = this.#topics.keys()
    if (job === undefined || this.#asking) return
    this.#asking = true
    const error = await this.options.whyRefused(job)
    this.#asking = false
    if (error) this.#failAll(error)
  }
}
