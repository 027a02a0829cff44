import { describe, expect, test } from 'bun:test'
import { flawOfSmtp, parseSmtp } from '../../../src/kinds/email/smtp.ts'

describe('the setting', () => {
  test('has a host at least', () => {
    expect(parseSmtp('smtp://mail.example.com')).toEqual({
      host: 'mail.example.com',
      port: 587,
      secure: false,
      local: false,
      login: undefined,
      from: undefined,
      pool: 5,
    })
  })

  test('has a login, a port, a sender and the size of the pool', () => {
    const text =
      'smtps://ada%40example.com:p%40ss%2Fw%C3%B6rd@mail.example.com:2465/?from=Acme%20Ltd%20<no+reply@example.com>&pool=20'
    expect(parseSmtp(text)).toEqual({
      host: 'mail.example.com',
      port: 2465,
      secure: true,
      local: false,
      login: { user: 'ada@example.com', pass: 'p@ss/wörd' },
      from: { name: 'Acme Ltd', address: 'no+reply@example.com' },
      pool: 20,
    })
  })

  test('takes the user for the sender, if that is an address and there is no other', () => {
    expect(parseSmtp('smtp://ada%40example.com:secret@localhost')?.from?.address).toBe('ada@example.com')
    expect(parseSmtp('smtp://ada:secret@localhost')?.from).toBeUndefined()
  })

  test.each([
    ['smtp://localhost:25', 25, true],
    ['smtp://127.0.0.1', 587, true],
    ['smtps://[::1]', 465, true],
    ['smtp://10.0.0.1', 587, false],
    ['smtp://localhost.example.com', 587, false],
  ])('knows whether the server is on this machine: %s', (text, port, local) => {
    expect(parseSmtp(text)).toMatchObject({ port, local })
  })

  test('has an IPv6 address without its brackets', () => {
    expect(parseSmtp('smtp://[2001:db8::1]:25')?.host).toBe('2001:db8::1')
  })

  test.each([
    ['http://secret@example.com', 'a URL that begins with neither smtp:// nor smtps://'],
    ['mail.example.com:25', 'a URL that begins with neither smtp:// nor smtps://'],
    ['smtp://', 'a URL that is not valid or has no host'],
    ['smtp://mail.example.com:99999', 'a URL that is not valid or has no host'],
    ['smtp://mail.example.com/secret', 'a URL with a path or a "#"'],
    ['smtp://user:se#cret@mail.example.com', 'a URL that is not valid or has no host'],
    ['smtp://user@mail.example.com', 'only one of user and password'],
    ['smtp://:secret@mail.example.com', 'only one of user and password'],
    ['smtp://user:secret%@mail.example.com', 'a user or password that is not percent-encoded as it must be'],
    [
      'smtp://user:secret%0D%0A@mail.example.com',
      'a user or password that is not percent-encoded as it must be',
    ],
    ['smtp://mail.example.com?from=secret', 'a "from" that is not an e-mail address'],
    ['smtp://mail.example.com?from=a@b.example%0D%0A', 'a "from" that is not an e-mail address'],
    ['smtp://mail.example.com?pool=0', 'a "pool" that is not between 1 and 100'],
    ['smtp://mail.example.com?pool=101', 'a "pool" that is not between 1 and 100'],
    ['smtp://mail.example.com?secret=1', 'an option other than "from" and "pool"'],
  ])('cannot be %s', (text, flaw) => {
    expect(parseSmtp(text)).toBeUndefined()
    expect(flawOfSmtp(text)).toBe(flaw)
    expect(flawOfSmtp(text)).not.toContain('secret')
  })
})
