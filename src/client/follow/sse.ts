/**
 * The data of each Server-Sent Event (WHATWG HTML, 9.2), as Sheaf writes them: of an event without data, such as a
 * heartbeat, undefined. Rejects with the signal's reason when that is aborted.
 */
export async function* readSse(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<string | undefined> {
  const reader = body.getReader()
  const cancel = () => void reader.cancel(signal.reason).catch(() => {})
  signal.addEventListener('abort', cancel, { once: true })
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (;;) {
      signal.throwIfAborted()
      const { value, done } = await reader.read()
      signal.throwIfAborted()
      if (done) return
      text += decoder.decode(value, { stream: true })
      const events = text.split('\n\n')
      text = events.pop() ?? ''
      yield* events.map(dataOf)
    }
  } finally {
    signal.removeEventListener('abort', cancel)
    cancel()
  }
}

const dataOf = (event: string): string | undefined => {
  const lines = event.split('\n').filter((line) => line.startsWith('data:'))
  return lines.length === 0 ? undefined : lines.map((line) => line.slice(5).trimStart()).join('\n')
}
