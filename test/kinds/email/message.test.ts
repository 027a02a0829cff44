import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { EmailInput } from '../../../src/kinds/email.ts'
import { TestContext } from '../context.ts'
import { type Listener, type Mail, outputOf, run, Started } from './server.ts'

const started = new Started()
let server: Listener
beforeAll(async () => {
  server = await started.smtp({ size: 1_000_000 })
})
afterAll(() => started.stop())

const sent = async (fields: Partial<EmailInput>, context?: TestContext): Promise<Mail> => {
  const kind = started.kind(server.port)
  outputOf(await run(kind, fields, context))
  await kind.close()
  return server.last
}

/** The header fields of a message, unfolded. */
const fieldsOf = ({ raw }: Mail): string[] =>
  (raw.split('\r\n\r\n')[0] ?? '').replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')

const namesOf = (mail: Mail) => fieldsOf(mail).map((field) => field.split(':')[0]?.toLowerCase() ?? '')

test('goes to all recipients, and hides those of bcc from the others', async () => {
  const mail = await sent({
    to: ['ada@example.com', '"Hopper, Grace" <grace@example.com>'],
    cc: 'Alan <alan@example.com>',
    bcc: ['edsger@example.com'],
    replyTo: 'help@example.com',
  })
  expect(mail).toMatchObject({
    from: 'sheaf@example.com',
    to: ['ada@example.com', 'grace@example.com', 'alan@example.com', 'edsger@example.com'],
  })
  const fields = fieldsOf(mail)
  expect(fields).toContain('From: Sheaf <sheaf@example.com>')
  expect(fields).toContain('To: ada@example.com, "Hopper, Grace" <grace@example.com>')
  expect(fields).toContain('Cc: Alan <alan@example.com>')
  expect(fields).toContain('Reply-To: help@example.com')
  expect(mail.raw).not.toContain('edsger')
})

test('is from the sender that the task names', async () => {
  const mail = await sent({ from: 'Ops <ops@example.org>' })
  expect(mail.from).toBe('ops@example.org')
  expect(fieldsOf(mail)).toContain('From: Ops <ops@example.org>')
})

test('has names and a subject of any script, and domains as DNS knows them', async () => {
  const mail = await sent({ to: 'Jörg 世界 <joerg@bücher.example>', subject: 'Grüße, 世界 🎉' })
  expect(mail.to).toEqual(['joerg@bücher.example'])
  expect(mail.raw).toContain('<joerg@xn--bcher-kva.example>')
  const decoded = fieldsOf(mail).map((field) =>
    field.replaceAll(/=\?UTF-8\?(B|Q)\?([^?]*)\?= ?/gi, (_, how: string, text: string) =>
      how.toUpperCase() === 'B'
        ? Buffer.from(text, 'base64').toString()
        : decodeURIComponent(text.replaceAll('_', ' ').replaceAll('=', '%')),
    ),
  )
  expect(decoded).toContain('Subject: Grüße, 世界 🎉')
  expect(decoded.find((field) => field.startsWith('To:'))).toContain('Jörg 世界')
})

test('has an address of any script, where the server takes it', async () => {
  const mail = await sent({ to: 'jörg@example.com' })
  expect(mail.to).toEqual(['jörg@example.com'])
})

test('has the same Message-ID on every attempt, and another than any other task', async () => {
  const [first, second] = [await sent({}), await sent({})]
  const other = await sent({}, Object.assign(new TestContext(), { idempotencyKey: 'other-4' }))
  const id = (mail: Mail) => fieldsOf(mail).find((field) => field.startsWith('Message-ID'))
  expect(id(first)).toBe(`Message-ID: <${new TestContext().idempotencyKey}@example.com>`)
  expect(id(second)).toBe(id(first))
  expect(id(other)).toBe('Message-ID: <other-4@example.com>')
})

test('has the headers of the task, and says not what made it', async () => {
  const mail = await sent({ headers: { 'List-Unsubscribe': '<https://example.com/u>' } })
  expect(fieldsOf(mail)).toContain('List-Unsubscribe: <https://example.com/u>')
  expect(mail.raw).not.toMatch(/nodemailer/i)
})

test('has text, HTML, or both to choose from', async () => {
  const html = '<p>Hello</p>'
  expect((await sent({ text: 'Hello' })).raw).toMatch(
    /Content-Type: text\/plain; charset=utf-8[\s\S]*\r\n\r\nHello\r\n$/,
  )
  const both = await sent({ text: 'Hello', html })
  expect(both.raw).toMatch(
    /multipart\/alternative[\s\S]*text\/plain[\s\S]*Hello[\s\S]*text\/html[\s\S]*<p>Hello<\/p>/,
  )
  const kind = started.kind(server.port)
  const context = new TestContext()
  await kind.run({ to: 'ada@example.com', subject: 'x', html }, context)
  expect(server.last.raw).toMatch(/Content-Type: text\/html; charset=utf-8[\s\S]*<p>Hello<\/p>\r\n$/)
})

test('arrives even when it is empty', async () => {
  expect((await sent({ text: '', subject: '' })).raw).toContain('text/plain')
})

test('has attachments with their bytes, names and types', async () => {
  const bytes = new Uint8Array([0, 1, 254, 255])
  const mail = await sent({
    attachments: [
      { filename: 'a.bin', base64: bytes.toBase64() },
      { filename: 'résumé.csv', contentType: 'text/csv; charset=utf-8', text: 'a,ü\n' },
      { filename: 'none.txt', text: '' },
    ],
  })
  expect(mail.raw).toMatch(/application\/octet-stream; name=a\.bin/)
  expect(mail.raw).toContain(bytes.toBase64())
  expect(mail.raw).toContain(Buffer.from('a,ü\n').toString('base64'))
  expect(mail.raw).toMatch(/Content-Type: text\/csv; charset=utf-8/)
  expect(mail.raw.match(/Content-Disposition: attachment/g)).toHaveLength(3)
})

describe('what a task holds stays what it is', () => {
  test('a path or a URL is text, and is never read', async () => {
    const secret = await Bun.file('/etc/hostname').text()
    let asked = 0
    using trap = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(String(++asked)) })
    const url = trap.url.href
    const mail = await sent({
      text: '/etc/hostname',
      html: `<img src="file:///etc/hostname"><img src="${url}"><img src="data:image/png;base64,AAAA">`,
      attachments: [{ filename: '/etc/hostname', text: url }],
      headers: { 'X-Path': 'file:///etc/hostname' },
    })
    expect(asked).toBe(0)
    expect(mail.raw).not.toContain(Buffer.from(secret).toString('base64').slice(0, 8))
    expect(mail.raw).toContain(Buffer.from(url).toString('base64').slice(0, 60))
  })

  test.each(['\r\n.\r\nMAIL FROM:<evil@example.com>\r\n', '\n.\n', '\r.\r', '.\r\n..\r\n', '\u0000\r\n.\r'])(
    'a text cannot end the message early: %j',
    async (text) => {
      const before = server.mails.length
      await sent({ text: `a${text}b` })
      expect(server.mails).toHaveLength(before + 1)
      expect(server.last.raw.trimEnd()).toMatch(/b$|Yg==$|Ig==$|=$/)
    },
  )

  test.each(['\u2028Bcc: evil@example.com', '\u0085Bcc: evil@example.com', 'ü Bcc: evil@example.com'])(
    'a subject, a name or a header stays one line: %j',
    async (text) => {
      const mail = await sent({ subject: `a${text}`, headers: { 'X-Note': `a${text}` } })
      expect(namesOf(mail)).not.toContain('bcc')
      expect(mail.to).toEqual(['ada@example.com'])
    },
  )
})
