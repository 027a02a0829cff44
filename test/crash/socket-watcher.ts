import type { ServerMessage } from '../../src/job/events.ts'
import type { Journal } from './journal.ts'

/** How soon it connects again, in milliseconds. */
const againMs = 10
/** It also hangs up by itself, after so many messages: so it resumes in the midst of what happens, too. */
const messagesPerCall = 25

/**
 * Follows one job over a bare WebSocket, and resumes by itself with the last seq it saw: by the protocol alone, so that
 * it shows what our own client may hide.
 */
export class SocketWatcher {
  #socket: WebSocket | undefined
  #lost = Promise.withResolvers<void>()
  #again: ReturnType<typeof setTimeout> | undefined
  #stopped = false

  constructor(
    readonly url: string,
    readonly job: string,
    readonly journal: Journal,
  ) {
    this.#connect()
  }

  /** Resolves when the connection is gone and all that came over it is in the journal. To be asked once the server is dead. */
  lost(): Promise<void> {
    return this.#socket === undefined ? Promise.resolve() : this.#lost.promise
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#again)
    this.#socket?.close()
  }

  #connect(): void {
    const socket = new WebSocket(`${this.url.replace('http', 'ws')}/events`)
    this.#socket = socket
    this.#lost = Promise.withResolvers()
    let messages = 0
    socket.onopen = () => {
      socket.send(JSON.stringify({ type: 'subscribe', job: this.job, after: this.journal.seq }))
    }
    socket.onmessage = ({ data }) => {
      this.#take(JSON.parse(String(data)))
      messages += 1
      if (messages === messagesPerCall) socket.close()
    }
    socket.onclose = () => {
      this.#socket = undefined
      this.#lost.resolve()
      if (!this.#stopped && !this.journal.isFinished) this.#again = setTimeout(() => this.#connect(), againMs)
    }
  }

  #take(message: ServerMessage): void {
    switch (message.type) {
      case 'error':
        this.journal.fault(`was refused: ${message.code}, ${message.message}`)
        break
      case 'pong':
      case 'queue':
      case 'selection':
        break
      default:
        this.journal.take(message)
    }
  }
}
