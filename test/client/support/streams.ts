import type { LocalApp } from '../../../src/client/target.ts'
import type { FollowEvent } from '../../../src/client.ts'

const encoder = new TextEncoder()

/** One answer that is streamed, by default of Server-Sent Events, whose other end is the test. */
export class FakeStream {
  cancelled = false
  readonly after: string | null
  readonly response: Response
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined

  constructor(
    readonly request: Request,
    type: string,
  ) {
    this.after = new URL(request.url).searchParams.get('after')
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller
      },
      cancel: () => {
        this.cancelled = true
      },
    })
    this.response = new Response(body, { headers: { 'content-type': type } })
  }

  say(event: FollowEvent): void {
    this.write(encoder.encode(`event: ${event.type}\nid: 1\ndata: ${JSON.stringify(event)}\n\n`))
  }

  write(bytes: Uint8Array | string): void {
    this.#controller?.enqueue(typeof bytes === 'string' ? encoder.encode(bytes) : bytes)
  }

  end(): void {
    this.#controller?.close()
  }

  lose(): void {
    this.#controller?.error(new TypeError('The connection was lost'))
  }
}

/** An app that answers every request with a stream, or with what it is given for the next. */
export const fakeStreams = (type = 'text/event-stream') => {
  const streams: FakeStream[] = []
  const answers: Response[] = []
  const app: LocalApp = {
    handle(request) {
      const answer = answers.shift()
      if (answer) return answer
      const stream = new FakeStream(request, type)
      streams.push(stream)
      return stream.response
    },
  }
  return {
    app,
    streams,
    answers,
    get latest(): FakeStream {
      const stream = streams.at(-1)
      if (stream === undefined) throw new Error('No stream was opened')
      return stream
    },
  }
}
