import type { Clock } from '../../clock.ts'
import type { Frame } from '../../engine/frame.ts'

/** Bun cuts a stream that is silent for 30 s, and many proxies one that is silent for 60 s. */
const heartbeatMs = 15_000

const encoder = new TextEncoder()
/** How soon a browser is to connect again, in milliseconds. Sent at once, so that the headers leave, too. */
const hello = encoder.encode('retry: 1000\n\n')
const heartbeat = encoder.encode(':\n\n')

export interface SseStream {
  body: ReadableStream<Uint8Array>
  /** Ends the stream as if nothing more came: whoever reads it connects again. */
  end(): void
}

interface SseOptions {
  clock: Clock
  /** Called once, however it ends; with an error if that ended it, and then the connection is cut. */
  ended(error?: unknown): void
}

/**
 * Frames as Server-Sent Events (WHATWG HTML, 9.2). The next frame is asked for when the reader has taken the last one,
 * so a slow reader costs no memory.
 */
export const toSse = (frames: AsyncGenerator<Frame>, { clock, ended }: SseOptions): SseStream => {
  let controller: ReadableStreamDefaultController<Uint8Array>
  let state: 'open' | 'ended' | 'left' = 'open'
  let waiting = false

  const beat = () => {
    // With another chunk in the queue the reader is not waiting for us, but we for it.
    if (waiting && controller.desiredSize === 0) controller.enqueue(heartbeat)
    cancelBeat = clock.after(heartbeatMs, beat)
  }
  let cancelBeat = clock.after(heartbeatMs, beat)

  const finish = (as: 'ended' | 'left', error?: unknown) => {
    if (state !== 'open') return
    state = as
    cancelBeat()
    ended(error)
    void frames.return(undefined)
  }

  const next = async (): Promise<Frame | undefined> => {
    waiting = true
    try {
      const { value, done } = await frames.next()
      return done ? undefined : value
    } catch (error) {
      finish('left', error)
      throw error
    } finally {
      waiting = false
    }
  }

  const body = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given
        controller.enqueue(hello)
      },
      async pull() {
        const frame = await next()
        if (state === 'left') return
        if (state === 'open' && frame) controller.enqueue(encoder.encode(eventOf(frame)))
        if (!frame || frame.last) finish('ended')
        if (state === 'ended') controller.close()
      },
      cancel: () => finish('left'),
    },
    { highWaterMark: 0 },
  )
  return {
    body,
    end() {
      if (state !== 'open') return
      finish('ended')
      // While it waits for a frame there will be none, and then it closes.
      if (!waiting) controller.close()
    },
  }
}

const eventOf = ({ type, seq, text }: Frame): string =>
  `event: ${type}\n${seq === undefined ? '' : `id: ${seq}\n`}data: ${text}\n\n`
