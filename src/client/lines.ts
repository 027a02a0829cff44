import type { ClientClock } from './clock.ts'

interface Silence {
  clock: ClientClock
  /** For how long nothing may come while somebody waits for it. */
  mostMs: number
}

/**
 * The lines of a body, without their ends; while nothing but spaces comes, an empty one for each piece of them. A body that breaks off
 * rejects, as does one that is silent for too long, and one whose signal is aborted, with the reason.
 */
export async function* readLines(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  { clock, mostMs }: Silence,
): AsyncGenerator<string> {
  const reader = body.getReader()
  const cancel = () => void reader.cancel(signal.reason).catch(() => {})
  signal.addEventListener('abort', cancel, { once: true })
  const decoder = new TextDecoder()
  let isDead = false
  let text = ''
  const read = async () => {
    const unwatch = clock.after(mostMs, () => {
      isDead = true
      cancel()
    })
    try {
      return await reader.read()
    } finally {
      unwatch()
    }
  }
  try {
    for (;;) {
      signal.throwIfAborted()
      const { value, done } = await read()
      signal.throwIfAborted()
      if (isDead) throw new Error(`Nothing was heard for ${mostMs} ms`)
      if (done) {
        if (text.trim() !== '') throw new Error('The last line is not whole')
        return
      }
      const piece = decoder.decode(value, { stream: true })
      if (piece.includes('\n')) {
        const lines = (text + piece).split('\n')
        text = lines.pop() ?? ''
        yield* lines
      } else {
        text += piece
        if (piece.trim() === '') yield ''
      }
    }
  } finally {
    signal.removeEventListener('abort', cancel)
    cancel()
  }
}
