import { createTransport } from 'nodemailer'
import type { SmtpSettings } from './smtp.ts'

export interface TransportOptions {
  /** Certificates to trust instead of those of the system, in PEM. */
  ca?: string
  /** How long the server may take to greet and to agree on TLS, in milliseconds. Default 30,000. */
  setupMs?: number
  /** How long a connection is kept when there is nothing to send, in milliseconds. Default 30,000. */
  idleMs?: number
}

/** What RFC 5321, section 4.5.3.2, gives a server to answer; the attempt's own timeout is shorter by default. */
const silenceMs = 300_000

/** The connections to the server. None is open before the first message. */
export const openTransport = (
  { host, port, secure, local, login, pool }: SmtpSettings,
  { ca, setupMs = 30_000, idleMs = 30_000 }: TransportOptions,
) =>
  createTransport({
    pool: true,
    host,
    port,
    secure,
    requireTLS: !secure && !local,
    tls: { minVersion: 'TLSv1.2', rejectUnauthorized: !local, ...(ca !== undefined && { ca }) },
    ...(login && { auth: { ...login } }),
    maxConnections: pool,
    idleTimeout: idleMs,
    // Once is for a kept connection that the server closed meanwhile; other retries are the task's.
    maxRequeues: 1,
    connectionTimeout: setupMs,
    greetingTimeout: setupMs,
    dnsTimeout: setupMs,
    socketTimeout: silenceMs,
    // A connection that is given up is cut, and the message with it.
    socketCloseTimeout: 0,
    maxResponseSize: 65_536,
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
  })
