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

/**
 * Frames as Server-Sent Events (WHATWG HTML, 9.2). The next frame is asked for when the reader has taken the last one,
 * so a slow reader costs no memory. `ended` is called once, however it ends.
 */
export const toSse = (frames: AsyncGenerator<Frame>, clock: Clock, ended: () => void): SseStream => {
  let controller: ReadableStreamDefaultController<Uint8Array>
  let waiting = false
  let open = true

  const beat = () => {
    // With another chunk in the queue the reader is not waiting for us, but we for it.
    if (waiting && controller.desiredSize === 0) controller.enqueue(heartbeat)
    cancelBeat = clock.after(heartbeatMs, beat)
  }
  let cancelBeat = clock.after(heartbeatMs, beat)

  const end = () => {
    if (!open) return
    open = false
    cancelBeat()
    ended()
    void frames.return(undefined)
  }

  const body = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given
        controller.enqueue(hello)
      },
      async pull() {
        waiting = true
        const { value: frame } = await frames.next()
        waiting = false
        if (frame && open) controller.enqueue(encoder.encode(eventOf(frame)))
        if (!frame || frame.last) end()
        if (!open) controller.close()
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
  return {
    body,
    end() {
      end()
      if (!waiting) controller.close()
    },
  }
}

const eventOf = ({ type, seq, text }: Frame): string =>
  `event: ${type}\n${seq === undefined ? '' : `id: ${seq}\n`}data: ${text}\n\n`
