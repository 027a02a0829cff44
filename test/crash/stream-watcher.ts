import type { FollowEvent } from '../../src/job/events.ts'
import type { Journal } from './journal.ts'

/** How soon it connects again, in milliseconds. */
const againMs = 10
/** It also hangs up by itself, after so many events: so it resumes in the midst of what happens, too. */
const eventsPerCall = 25

/** Follows one job over Server-Sent Events, and resumes with the last id it saw, as a browser does. */
export class StreamWatcher {
  #controller = new AbortController()
  #over = Promise.resolve()
  #stopped = false
  #lastId = '0'

  constructor(
    readonly url: string,
    readonly job: string,
    readonly journal: Journal,
  ) {
    void this.#goOn()
  }

  /** Resolves when the connection is gone and all that came over it is in the journal. To be asked once the server is dead. */
  lost(): Promise<void> {
    return this.#over
  }

  stop(): void {
    this.#stopped = true
    this.#controller.abort()
  }

  async #goOn(): Promise<void> {
    while (!this.#stopped && !this.journal.isFinished) {
      // A server that dies cuts the connection: that is no fault, and it is asked again.
      this.#over = this.#connect().catch(() => {})
      await this.#over
      await Bun.sleep(againMs)
    }
  }

  async #connect(): Promise<void> {
    this.#controller = new AbortController()
    const response = await fetch(`${this.url}/jobs/${this.job}/events`, {
      headers: { 'last-event-id': this.#lastId },
      signal: this.#controller.signal,
    })
    if (response.status === 204) this.journal.fault('was told to come no more before it saw the end')
    if (response.status === 503) return
    if (response.status !== 200 || response.body === null) {
      this.journal.fault(`was answered ${response.status}: ${await response.text()}`)
      return
    }
    const decoder = new TextDecoder()
    let text = ''
    let events = 0
    for await (const chunk of response.body) {
      text += decoder.decode(chunk, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) events += this.#take(block)
      if (events >= eventsPerCall) return this.#controller.abort()
    }
  }

  /** Returns how many events the block was: none, if it is a comment. */
  #take(block: string): number {
    const fields = new Map(
      block.split('\n').map((line) => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon), line.slice(colon + 1).trimStart()]
      }),
    )
    const data = fields.get('data')
    if (data === undefined) return 0
    this.#lastId = fields.get('id') ?? this.#lastId
    const event: FollowEvent = JSON.parse(data)
    this.journal.take(event)
    return 1
  }
}
