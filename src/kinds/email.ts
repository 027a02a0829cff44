import { artifactUses } from './email/artifacts.ts'
import { checkEmail } from './email/check.ts'
import { closed } from './email/failure.ts'
import { EmailInput } from './email/input.ts'
import type { Sender } from './email/sender.ts'
import type { SmtpSettings } from './email/smtp.ts'
import type { TransportOptions } from './email/transport.ts'
import type { Artifacts } from './http/artifacts.ts'
import type { Kind } from './kind.ts'
import { failedForGood } from './results.ts'

export { EmailInput } from './email/input.ts'

const defaultTimeoutMs = 60_000

/** A kind that holds connections, until it is closed. */
export interface EmailKind extends Kind<'email', typeof EmailInput> {
  /** Cuts every connection, whatever is being sent over it. May be called again. */
  close(): Promise<void>
}

export interface EmailOptions extends TransportOptions {
  /** Where `http` tasks save what is attached. Default: nowhere. */
  artifacts?: Artifacts | undefined
}

/** The kind that sends through this server; without one, its tasks are refused. Connects to it for a task, not before. */
export const createEmail = (smtp: SmtpSettings | undefined, options: EmailOptions = {}): EmailKind => {
  const sender = smtp && createSender(smtp, options)
  return {
    name: 'email',
    input: EmailInput,
    timeoutMs: () => defaultTimeoutMs,
    queue: () => 'email',
    // More would wait for a connection, and its timeout would run meanwhile.
    ...(smtp && { queues: { email: { concurrency: smtp.pool } } }),
    check: (input, at) => checkEmail(input, at, smtp),
    artifacts: artifactUses,
    run: (input, context) => sender?.send(input, context) ?? noServer,
    close: async () => sender?.close(),
  }
}

const noServer = failedForGood(
  'smtp_refused',
  'This server sends no mail: the setting SHEAF_SMTP is not set.',
)

/** One that is loaded with the first message: nodemailer, and what it needs of Node, would take a tenth of each start. */
const createSender = (smtp: SmtpSettings, options: EmailOptions): Sender => {
  let loaded: Promise<Sender> | undefined
  const load = () => {
    const loading = import('./email/sender.ts').then((sender) => sender.createSender(smtp, options))
    // A process that may open no more files can load nothing: the next message tries again.
    loading.catch(() => {
      if (loaded === loading) loaded = undefined
    })
    return loading
  }
  return {
    send: async (input, context) => {
      loaded ??= load()
      return (await loaded).send(input, context)
    },
    close: async () => {
      const sender = loaded?.catch(() => closedSender)
      loaded = Promise.resolve(closedSender)
      await (await sender)?.close()
    },
  }
}

const closedSender: Sender = { send: async () => closed, close: async () => {} }
