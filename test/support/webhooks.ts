import { Webhook as Verifier } from 'standardwebhooks'
import type { Payload } from '../../src/job/webhook/news.ts'
import { defaultEvents, type Webhook } from '../../src/job/webhook.ts'
import { parseAllow } from '../../src/kinds/egress/allow.ts'
import { createEgress } from '../../src/kinds/egress/egress.ts'
import { readSecrets } from '../../src/kinds/webhook/secret.ts'

/** What both sides know: `whsec_` and 32 bytes of the letter. */
export const secretOf = (letter: string): string =>
  `whsec_${Buffer.from(letter.repeat(32)).toString('base64')}`

export const keysOf = (...secrets: string[]) => readSecrets(secrets.join(',')) ?? []

/** A guard that lets through to receivers on this machine. */
export const loopback = createEgress({ allow: parseAllow('127.0.0.1,localhost') ?? [] })

/** A webhook as a job keeps it. */
export const webhookTo = (url = 'https://example.com/hook', fields: Partial<Webhook> = {}): Webhook => ({
  endpoint: 'ep_1',
  url,
  queue: 'webhook:example.com',
  events: defaultEvents,
  ...fields,
})

/** A message as it came. */
export interface Received {
  id: string
  timestamp: number
  signature: string
  body: string
  payload: Payload
  headers: Record<string, string>
}

type Answer = (received: Received) => Response | Promise<Response>

const ok: Answer = () => new Response(null, { status: 204 })

/** An app that takes messages, and answers as the test says: `using receiver = new Receiver()`. */
export class Receiver implements Disposable {
  readonly received: Received[] = []
  answer: Answer = ok
  readonly #server
  #waiting: { count: number; resolve: () => void }[] = []

  constructor(port = 0) {
    this.#server = Bun.serve({ port, hostname: '127.0.0.1', fetch: (request) => this.#take(request) })
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/hook`
  }

  /** The message that comes as number `count`, from 1. */
  async nth(count: number): Promise<Received> {
    if (this.received.length < count)
      await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }))
    const received = this.received[count - 1]
    if (received === undefined) throw new Error(`There is no message ${count}`)
    return received
  }

  get types(): string[] {
    return this.received.map(({ payload }) => payload.type)
  }

  [Symbol.dispose](): void {
    this.#server.stop(true)
  }

  async #take(request: Request): Promise<Response> {
    const headers = Object.fromEntries(request.headers)
    const body = await request.text()
    const received: Received = {
      id: headers['webhook-id'] ?? '',
      timestamp: Number(headers['webhook-timestamp']),
      signature: headers['webhook-signature'] ?? '',
      body,
      payload: JSON.parse(body) as Payload,
      headers,
    }
    this.received.push(received)
    for (const { count, resolve } of this.#waiting) if (this.received.length >= count) resolve()
    return this.answer(received)
  }
}

/** What the independent implementation makes of a message: its payload. Throws when the signature is not good, or not of now. */
export const verified = ({ body, headers }: Received, secret: string): unknown =>
  new Verifier(secret).verify(body, headers)

/** Whether one of its signatures is with this secret, by the independent implementation, at whatever time it came. */
export const isSigned = ({ id, timestamp, body, signature }: Received, secret: string): boolean =>
  signature.split(' ').includes(new Verifier(secret).sign(id, new Date(timestamp * 1000), body))
