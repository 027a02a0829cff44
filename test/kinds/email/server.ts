import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { accepts } from '../../../src/job/check.ts'
import type { SmtpSettings } from '../../../src/kinds/email/smtp.ts'
import { createEmail, EmailInput, type EmailKind, type EmailOptions } from '../../../src/kinds/email.ts'
import type { RunResult } from '../../../src/kinds/kind.ts'
import { TestContext } from '../context.ts'

/** A message as it arrived. */
export interface Mail {
  from: string
  to: string[]
  /** All of it, as it came over the wire; lines end in CR LF. */
  raw: string
  secure: boolean
  user: unknown
}

/** A server, and the sockets that were opened to it. */
export class Listener {
  readonly sockets: Socket[] = []
  readonly mails: Mail[] = []
  readonly port: number

  constructor(
    readonly server: Server,
    readonly end: () => void,
  ) {
    const address = server.address()
    if (typeof address !== 'object' || !address) throw new Error('The server does not listen')
    this.port = address.port
    server.on('connection', (socket) => {
      this.sockets.push(socket)
      socket.on('error', () => {})
    })
  }

  get last(): Mail {
    const mail = this.mails.at(-1)
    if (!mail) throw new Error('No mail came')
    return mail
  }

  async stop() {
    const ended = once(this.server, 'close')
    this.end()
    for (const socket of this.sockets) socket.destroy()
    await ended
  }
}

/** A real SMTP server; what it takes is in `mails`, unless the options say what happens to it. */
export const startSmtp = async (options: SMTPServerOptions = {}): Promise<Listener> => {
  const smtp = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 1,
    logger: false,
    onData: (stream, { envelope, secure, user }, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk) => chunks.push(chunk))
      stream.on('end', () => {
        const from = envelope.mailFrom ? envelope.mailFrom.address : ''
        const to = envelope.rcptTo.map(({ address }) => address)
        listener.mails.push({ from, to, raw: Buffer.concat(chunks).toString(), secure, user })
        done(null, 'queued as 1')
      })
    },
    ...options,
  })
  smtp.on('error', () => {})
  smtp.listen(0, '127.0.0.1')
  await once(smtp.server, 'listening')
  const listener = new Listener(smtp.server, () => smtp.close())
  return listener
}

/** A server that does with a connection what it likes. */
export const startRaw = async (serve: (socket: Socket) => void): Promise<Listener> => {
  const server = createServer(serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return new Listener(server, () => server.close())
}

export const settingsOf = (port: number, more: Partial<SmtpSettings> = {}): SmtpSettings => ({
  host: '127.0.0.1',
  port,
  secure: false,
  local: true,
  login: undefined,
  from: { name: 'Sheaf', address: 'sheaf@example.com' },
  pool: 5,
  ...more,
})

export const hello: EmailInput = { to: 'ada@example.com', subject: 'Hello', text: 'Hello, Ada.' }

export const run = async (kind: EmailKind, fields: Partial<EmailInput> = {}, context = new TestContext()) => {
  const input: EmailInput = { ...hello, ...fields }
  if (!accepts(EmailInput, input)) throw new Error('The schema refuses the input')
  const errors = kind.check?.(input, 'tasks[0]') ?? []
  if (errors.length > 0) throw new Error(JSON.stringify(errors))
  return kind.run(input, context)
}

export const outputOf = (result: RunResult): unknown => {
  if (result.type !== 'succeeded') throw new Error(`Not succeeded: ${JSON.stringify(result)}`)
  return JSON.parse(result.output)
}

/** What a test started, to be ended after it. */
export class Started {
  readonly #stops: (() => Promise<void>)[] = []

  kind(port: number, more: Partial<SmtpSettings> = {}, options: EmailOptions = {}): EmailKind {
    const kind = createEmail(settingsOf(port, more), options)
    this.#stops.push(() => kind.close())
    return kind
  }

  async smtp(options?: SMTPServerOptions): Promise<Listener> {
    return this.#keep(await startSmtp(options))
  }

  async raw(serve: (socket: Socket) => void): Promise<Listener> {
    return this.#keep(await startRaw(serve))
  }

  #keep(listener: Listener): Listener {
    this.#stops.push(() => listener.stop())
    return listener
  }

  async stop() {
    for (const stop of this.#stops.splice(0).toReversed()) await stop()
  }
}
