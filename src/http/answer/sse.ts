import type { Clock } from '../../clock.ts'
import type { Following, Reader } from '../../engine/follow.ts'
import type { Frame } from '../../engine/frame.ts'
import { Turns } from '../../engine/turns.ts'
import { Problem } from '../../job/errors.ts'
import { roomIn } from '../buffer.ts'

/** Bun cuts a stream that is silent for 30 s, and many proxies one that is silent for 60 s. */
const heartbeatMs = 15_000

const encoder = new TextEncoder()
/** How soon a browser is to connect again, in milliseconds. Sent at once, so that the headers leave, too. */
const hello = encoder.encode('retry: 1000\n\n')
const heartbeat = encoder.encode(':\n\n')

interface SseOptions {
  clock: Clock
  /** The most that may wait to be read, in bytes. */
  bufferBytes: number
  /** Called once, however it ends; with an error if that ended it, and then the connection is cut. */
  ended(error?: unknown): void
}

/** A stream that says when to connect again, and ends. */
export const comeAgain = (): ReadableStream<Uint8Array> =>
  new ReadableStream(
    {
      pull(controller) {
        controller.enqueue(hello)
        controller.close()
      },
    },
    // Read before it is asked for, its length would be known, and Bun would answer HEAD with another one than GET.
    { highWaterMark: 0 },
  )

/**
 * What happens to a job as Server-Sent Events (WHATWG HTML, 9.2): pushed while there is room, and read on out of the log when the
 * reader has taken that, so a slow reader costs no memory.
 */
export class SseStream implements Reader {
  readonly body: ReadableStream<Uint8Array>
  readonly #whole: number
  readonly #turns = new Turns(() => this.#hasRoom())
  readonly #following: Following
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #cancelBeat = () => {}
  #isOpen = true

  constructor(
    follow: (reader: Reader) => Following,
    readonly options: SseOptions,
  ) {
    // Asked to go on as soon as another message fits.
    this.#whole = roomIn(options.bufferBytes) + 1
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
          controller.enqueue(hello)
        },
        pull: () => this.#turns.goOn(),
        cancel: () => void this.#close(),
      },
      { highWaterMark: this.#whole, size: (chunk) => chunk?.byteLength ?? 0 },
    )
    this.#beatLater()
    this.#following = follow(this)
  }

  offer(frame: Frame, text: string): boolean {
    if (!this.#hasRoom()) return false
    this.#controller?.enqueue(eventOf(frame, text))
    return true
  }

  behind(following: Following): void {
    this.#turns.add(following)
  }

  /** A job that is gone ends the stream like any other: who connects again is told. */
  over(_: Following, error?: unknown): void {
    if (error === undefined || error instanceof Problem) this.end()
    else if (this.#close(error)) this.#controller?.error(error)
  }

  /** Ends the stream as if nothing more came: whoever reads it connects again. May be called again. */
  end(): void {
    if (this.#close()) this.#controller?.close()
  }

  /** False when it was closed before. */
  #close(error?: unknown): boolean {
    if (!this.#isOpen) return false
    this.#isOpen = false
    this.#cancelBeat()
    this.#following.stop()
    this.#turns.remove(this.#following)
    this.options.ended(error)
    return true
  }

  #hasRoom(): boolean {
    return this.#isOpen && (this.#controller?.desiredSize ?? 0) > 0
  }

  #beatLater(): void {
    this.#cancelBeat = this.options.clock.after(heartbeatMs, () => {
      // With something in the queue the reader is not waiting for us, but we for it.
      if (this.#controller?.desiredSize === this.#whole) this.#controller.enqueue(heartbeat)
      this.#beatLater()
    })
  }
}

/** Written once for all streams. */
const events = new WeakMap<Frame, Map<string, Uint8Array>>()

const eventOf = (frame: Frame, text: string): Uint8Array => {
  const known = events.get(frame) ?? new Map<string, Uint8Array>()
  events.set(frame, known)
  let event = known.get(text)
  if (event === undefined) {
    const { type, seq } = frame
    event = encoder.encode(`event: ${type}\n${seq === undefined ? '' : `id: ${seq}\n`}data: ${text}\n\n`)
    known.set(text, event)
  }
  return event
}
