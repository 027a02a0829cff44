import { describe, expect, test } from 'bun:test'
import { accepts } from '../../../src/job/check.ts'
import { explain } from '../../../src/job/explain.ts'
import { readMailbox } from '../../../src/kinds/email/address.ts'
import { createEmail, EmailInput } from '../../../src/kinds/email.ts'
import { TestContext } from '../context.ts'
import { hello, settingsOf } from './server.ts'

const kind = createEmail(settingsOf(25))
const errorsOf = (fields: object) => kind.check?.({ ...hello, ...fields }, 'tasks[0]') ?? []
const messages = (fields: object) => errorsOf(fields).map(({ message }) => message)

describe('an address', () => {
  test.each([
    ['ada@example.com', '', 'ada@example.com'],
    [' ada+tag@localhost ', '', 'ada+tag@localhost'],
    ['Ada <ada@example.com>', 'Ada', 'ada@example.com'],
    ['<ada@example.com>', '', 'ada@example.com'],
    ['"Lovelace, \\"Ada\\"" <ada@example.com>', 'Lovelace, "Ada"', 'ada@example.com'],
    ['Ada (Ops) 世界 🎉<ada@example.com>', 'Ada (Ops) 世界 🎉', 'ada@example.com'],
    ['jörg@bücher.example', '', 'jörg@bücher.example'],
    ["o'neil&sons@a-b.example", '', "o'neil&sons@a-b.example"],
  ])('can be %j', (text, name, address) => {
    expect(readMailbox(text)).toEqual({ name, address })
  })

  test.each([
    '',
    'ada',
    '@example.com',
    'ada@',
    'ada@@example.com',
    'ada@example..com',
    'ada@-example.com',
    'ada@example.com.',
    '.ada@example.com',
    'a..b@example.com',
    'a b@example.com',
    'a@example.com, b@example.com',
    'a@example.com,b@example.com',
    'a@example.com;b@example.com',
    'Lovelace, Ada <ada@example.com>',
    'a@example.com <b@example.com>',
    'group: a@example.com;',
    'Ada <a@example.com> <b@example.com>',
    'Ada <a@example.com> x',
    '"Ada" Lovelace <a@example.com>',
    '"Ada <a@example.com>',
    'a@[127.0.0.1]',
    '"a b"@example.com',
    'a@exa_mple.com',
    'a\u2028b@example.com',
    'a\u0085@example.com',
    'a@example．com',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(64)}.com`,
    `a@${'b.'.repeat(127)}com`,
  ])('cannot be %j', (text) => {
    expect(readMailbox(text)).toBeUndefined()
  })

  test('is read in a time that is linear in its length', () => {
    const text = `"${'\\a'.repeat(100_000)}`
    expect(readMailbox(text)).toBeUndefined()
    expect(readMailbox(`${' '.repeat(100_000)}<`)).toBeUndefined()
  }, 500)
})

describe('the schema refuses', () => {
  test.each([
    ['to', 'ada@example.com\r\nBcc: evil@example.com'],
    ['to', ['ada@example.com\nRCPT TO:<evil@example.com>']],
    ['to', []],
    ['to', Array.from({ length: 101 }, () => 'ada@example.com')],
    ['from', 'Ada\r\n <ada@example.com>'],
    ['subject', 'Hello\r\nBcc: evil@example.com'],
    ['subject', 'Hello\u0000'],
    ['headers', { 'X-A': 'a\r\nBcc: evil@example.com' }],
    ['headers', { 'X-A: a\r\nBcc': 'evil@example.com' }],
    ['headers', { 'X A': 'a' }],
    ['headers', { Ü: 'a' }],
    ['attachments', [{ filename: 'a\r\nb', text: '' }]],
    ['attachments', [{ filename: 'a', contentType: 'text/plain\r\nX: y', text: '' }]],
    ['attachments', [{ filename: 'a', contentType: 'text/plain; name="x"; y', text: '' }]],
    ['attachments', [{ filename: 'a', base64: 'a b=' }]],
    ['attachments', [{ filename: 'a', path: '/etc/passwd' }]],
    ['attachments', [{ artifact: -1 }]],
    ['attachments', [{ artifact: '' }]],
    ['attachments', [{ artifact: { task: 'a' } }]],
    ['attachments', [{ filename: 'a', href: 'http://127.0.0.1/' }]],
    ['text', { path: '/etc/passwd' }],
    ['html', { href: 'http://127.0.0.1/' }],
    ['raw', 'Hello'],
    ['envelope', { from: 'a@example.com' }],
  ])('%s: %j', (field, value) => {
    const input = { ...hello, [field]: value }
    expect(accepts(EmailInput, input)).toBe(false)
    expect(explain(EmailInput, input)[0]?.field).toStartWith(field)
  })

  test('a task without recipients or without a subject', () => {
    expect(accepts(EmailInput, { subject: 'Hello', text: '' })).toBe(false)
    expect(accepts(EmailInput, { to: 'ada@example.com', text: '' })).toBe(false)
  })
})

describe('the check names', () => {
  test.each(['to', 'cc', 'bcc', 'from', 'replyTo'])('the field of a bad address: %s', (field) => {
    expect(errorsOf({ [field]: 'ada' })).toEqual([
      {
        field: `tasks[0].${field}`,
        message: `Expected "tasks[0].${field}" to be one e-mail address, with or without a name, got "ada".`,
      },
    ])
  })

  test('the one of several addresses that is bad', () => {
    expect(errorsOf({ cc: ['ada@example.com', 'a@example.com, b@example.com'] })[0]?.field).toBe(
      'tasks[0].cc[1]',
    )
  })

  test('more recipients than a server has to take', () => {
    const some = Array.from({ length: 50 }, (_, index) => `a${index}@example.com`)
    expect(messages({ to: some, cc: some })).toEqual([])
    expect(messages({ to: some, cc: some, bcc: 'ada@example.com' })).toEqual([
      'Expected "tasks[0].to", "cc" and "bcc" with at most 100 addresses in all, got 101.',
    ])
  })

  test('a message without a body', () => {
    const { text: _, ...bare } = hello
    expect(kind.check?.(bare, 'tasks[0]')).toEqual([
      {
        field: 'tasks[0].text',
        message: 'Expected "tasks[0].text" to be a string, unless there is "html", got nothing.',
      },
    ])
  })

  test.each([
    'Bcc',
    'FROM',
    'Sender',
    'Message-Id',
    'content-type',
    'Content-Transfer-Encoding',
    'MIME-Version',
  ])('a header that is not the task’s to set: %s', (name) => {
    expect(messages({ headers: { [name]: 'x' } })).toEqual([
      `Expected "tasks[0].headers" without "${name}", which follows from the other fields.`,
    ])
  })

  test.each([
    [
      { filename: 'a' },
      'Expected "tasks[0].attachments[0]" to have one of "text", "base64" and "artifact", got none of them.',
    ],
    [
      { filename: 'a', text: '', base64: '' },
      'Expected "tasks[0].attachments[0]" to have one of "text", "base64" and "artifact", got "text" and "base64".',
    ],
    [
      { artifact: 'a', text: '' },
      'Expected "tasks[0].attachments[0]" to have one of "text", "base64" and "artifact", got "text" and "artifact".',
    ],
    [
      { text: '' },
      'Expected "tasks[0].attachments[0].filename" to be a string, unless there is "artifact", got nothing.',
    ],
    [
      { artifact: 'a', contentType: 'message/rfc822' },
      'Expected "tasks[0].attachments[0].contentType" to be of a single file, got "message/rfc822".',
    ],
    [
      { filename: 'a', base64: 'abc' },
      'Expected "tasks[0].attachments[0].base64" to be base64 (RFC 4648, section 4), got "abc".',
    ],
    [
      { filename: 'a', text: '', contentType: 'Multipart/mixed' },
      'Expected "tasks[0].attachments[0].contentType" to be of a single file, got "Multipart/mixed".',
    ],
  ])('a bad attachment: %j', (attachment, message) => {
    expect(messages({ attachments: [attachment] })).toEqual([message])
  })

  test('a missing sender, when the setting names none', () => {
    const nobody = createEmail(settingsOf(25, { from: undefined }))
    expect(nobody.check?.(hello, 'tasks[0]')).toEqual([
      {
        field: 'tasks[0].from',
        message:
          'Expected "tasks[0].from" to be an e-mail address, got nothing, and SHEAF_SMTP names no sender ("?from=…").',
      },
    ])
    expect(nobody.check?.({ ...hello, from: 'ada@example.com' }, 'tasks[0]')).toEqual([])
  })

  test('the setting, when it is not set', async () => {
    const off = createEmail(undefined)
    expect(off.check?.(hello, 'tasks[0]')).toEqual([
      {
        field: 'tasks[0].kind',
        message:
          'Expected "tasks[0].kind" other than "email", because this server sends no mail: the setting SHEAF_SMTP is not set.',
      },
    ])
    expect(await off.run(hello, new TestContext())).toMatchObject({
      type: 'failed',
      retryable: false,
      error: { code: 'smtp_refused' },
    })
    await off.close()
  })
})

test('a task has a minute by default, and the queue of all e-mail', () => {
  expect(kind.timeoutMs(hello)).toBe(60_000)
  expect(kind.queue(hello)).toBe('email')
})
