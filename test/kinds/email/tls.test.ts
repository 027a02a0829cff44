import { afterEach, expect, test } from 'bun:test'
import { authority, certificates } from '../egress/certificates.ts'
import { selfSigned } from '../http/certificate.ts'
import { outputOf, run, Started } from './server.ts'

const started = new Started()
afterEach(() => started.stop())

const remote = { local: false }
const ca = selfSigned.cert

test('a connection is upgraded before the login, when the certificate is one to trust', async () => {
  const server = await started.smtp({
    ...selfSigned,
    authOptional: false,
    allowInsecureAuth: false,
    onAuth: ({ username, password }, _session, done) =>
      password === 'pässwört' ? done(null, { user: username }) : done(new Error('No')),
  })
  const login = { user: 'ada', pass: 'pässwört' }
  const kind = started.kind(server.port, { ...remote, login }, { ca })
  outputOf(await run(kind))
  expect(server.last).toMatchObject({ secure: true, user: 'ada' })
})

test('a connection that begins with TLS sends, when the certificate is one to trust', async () => {
  const server = await started.smtp({ ...selfSigned, secure: true })
  outputOf(await run(started.kind(server.port, { ...remote, secure: true }, { ca })))
  expect(server.last.secure).toBe(true)
})

test.each([
  ['STARTTLS', false],
  ['TLS from the start', true],
])('a certificate that nobody vouches for fails for good: %s', async (_, secure) => {
  const server = await started.smtp({ ...selfSigned, secure })
  expect(await run(started.kind(server.port, { ...remote, secure }))).toEqual({
    type: 'failed',
    retryable: false,
    error: {
      code: 'tls_failed',
      message: 'The certificate of the SMTP server is not valid (DEPTH_ZERO_SELF_SIGNED_CERT).',
      details: { reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    },
  })
  expect(server.mails).toEqual([])
})

test('a certificate for another host fails for good', async () => {
  const server = await started.smtp({ ...certificates['a.example'] })
  expect(await run(started.kind(server.port, remote, { ca: authority }))).toMatchObject({
    type: 'failed',
    retryable: false,
    error: { code: 'tls_failed', details: { reason: 'ERR_TLS_CERT_ALTNAME_INVALID' } },
  })
  expect(server.mails).toEqual([])
})

test('nothing is sent to a server that does not begin TLS', async () => {
  const server = await started.smtp({ disabledCommands: ['STARTTLS'] })
  const login = { user: 'ada', pass: 'secret' }
  expect(await run(started.kind(server.port, { ...remote, login }))).toMatchObject({
    type: 'failed',
    retryable: false,
    error: { code: 'tls_failed' },
  })
  expect(server.mails).toEqual([])
})

test.each([
  ['STARTTLS', false],
  ['TLS from the start', true],
])('the certificate of a server on this machine is not looked at: %s', async (_, secure) => {
  const server = await started.smtp({ ...selfSigned, secure })
  outputOf(await run(started.kind(server.port, { secure })))
  expect(server.last.secure).toBe(true)
})

test('a server that speaks no TLS where TLS is expected is tried again', async () => {
  const server = await started.smtp()
  expect(await run(started.kind(server.port, { ...remote, secure: true }))).toMatchObject({
    type: 'failed',
    retryable: true,
    error: { code: 'tls_failed' },
  })
})
