import type { Clock } from '../../../clock.ts'

/** Bun cuts a connection on which nothing happens for 30 s, and many proxies one that is silent for 60 s. */
const beatMs = 15_000

export interface ResultsBody {
  stream: ReadableStream<Uint8Array>
  /** Cuts the connection: the only way to say that this is not all. */
  cut(reason: unknown): void
}

interface BodyOptions {
  clock: Clock
  /** Sent while there is nothing else to send. Default: nothing. */
  beat: string | undefined
  /** Called once, however it ends; with an error if that cut it short. */
  ended(error?: unknown): void
}

/** Texts as a body. The next is asked for when the reader has taken the last one, so a slow reader costs no memory. */
export const bodyOf = (texts: AsyncGenerator<string>, { clock, beat, ended }: BodyOptions): ResultsBody => {
  const encoder = new TextEncoder()
  let controller: ReadableStreamDefaultController<Uint8Array>
  let isOpen = true
  let waiting = false
  let cancelBeat = () => {}

  const watch = () => {
    if (beat === undefined) return
    cancelBeat = clock.after(beatMs, () => {
      // With another chunk in the queue the reader is not waiting for us, but we for it.
      if (waiting && controller.desiredSize === 0) controller.enqueue(encoder.encode(beat))
      watch()
    })
  }

  const finish = (error?: unknown) => {
    if (!isOpen) return
    isOpen = false
    cancelBeat()
    ended(error)
    void texts.return(undefined).catch(() => {})
  }

  const next = async (): Promise<string | undefined> => {
    waiting = true
    try {
      const { value, done } = await texts.next()
      return done ? undefined : value
    } finally {
      waiting = false
    }
  }

  const cut = (error: unknown) => {
    if (!isOpen) return
    finish(error)
    controller.error(error)
  }

  const stream = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given
        watch()
      },
      async pull() {
        try {
          const text = await next()
          if (!isOpen) return
          if (text !== undefined) return controller.enqueue(encoder.encode(text))
          finish()
          controller.close()
        } catch (error) {
          cut(error)
        }
      },
      cancel: () => finish(),
    },
    { highWaterMark: 0 },
  )
  return { stream, cut }
}
