import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ConfigError, readConfig, settings } from '../src/config.ts'
import { tokenOf } from '../src/tokens.ts'

const secret = 'correct-horse-battery'

const refusal = (env: Record<string, string>): string => {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error(`Expected ${JSON.stringify(env)} to be refused`)
}

describe('the settings', () => {
  test('have a default for everything', () => {
    expect(readConfig({})).toEqual({
      database: './sheaf.db',
      host: '127.0.0.1',
      port: 3000,
      tokens: [],
      concurrency: 256,
      durability: 'full',
      artifacts: undefined,
      egressAllow: [],
      handlers: undefined,
      secrets: new Map(),
      sources: [],
      smtp: undefined,
      webhookSecrets: [],
      log: 'info',
      graceMs: 10_000,
      maxBodyBytes: 16_777_216,
      socketBufferBytes: 1_048_576,
      maxSockets: 10_000,
      maxQueued: 10_000_000,
      maxQueuedPerToken: undefined,
      keepMs: 604_800_000,
      idempotencyMs: 86_400_000,
    })
  })

  test('have defaults that they would allow', () => {
    for (const { default: text, parse } of Object.values(settings))
      if (text !== undefined) expect(parse(text)).toBeDefined()
  })

  test('count as not set when they are empty', () => {
    expect(readConfig({ PORT: '', SHEAF_LOG: ' ', SHEAF_TOKENS: '' })).toEqual(readConfig({}))
  })

  test('leave other variables alone', () => {
    expect(readConfig({ PATH: '/bin', SHEAFS: 'x', NODE_ENV: 'test' })).toEqual(readConfig({}))
  })

  test.each([
    [{ PORT: '0' }, { port: 0 }],
    [{ HOST: '::1' }, { host: '::1' }],
    [{ HOST: 'localhost' }, { host: 'localhost' }],
    [{ SHEAF_DURABILITY: 'normal' }, { durability: 'normal' }],
    [{ SHEAF_HANDLERS: './handlers.ts' }, { handlers: './handlers.ts' }],
    [{ SHEAF_GRACE_MS: '0' }, { graceMs: 0 }],
    [{ SHEAF_MAX_QUEUED: '1' }, { maxQueued: 1 }],
    [{ SHEAF_MAX_QUEUED_PER_TOKEN: '1000' }, { maxQueuedPerToken: 1_000 }],
  ])('%j is taken', (env: Record<string, string>, expected) => {
    expect(readConfig(env)).toMatchObject(expected)
  })

  test.each([
    [{ PORT: '65536' }, 'Expected "PORT" between 0 and 65535, got "65536".'],
    [{ PORT: '80.5' }, 'Expected "PORT" between 0 and 65535, got "80.5".'],
    [{ PORT: '0x50' }, 'Expected "PORT" between 0 and 65535, got "0x50".'],
    [{ HOST: 'a b' }, 'Expected "HOST" to be an IP address or a host name, got "a b".'],
    [{ SHEAF_CONCURRENCY: '0' }, 'Expected "SHEAF_CONCURRENCY" between 1 and 10000, got "0".'],
    [{ SHEAF_DURABILITY: 'FULL' }, 'Expected "SHEAF_DURABILITY" to be one of full, normal, got "FULL".'],
    [
      { SHEAF_LOG: 'loud' },
      'Expected "SHEAF_LOG" to be one of debug, info, warn, error, silent, got "loud".',
    ],
    [
      { SHEAF_DATABASE: 'postgres://db/sheaf' },
      'Expected "SHEAF_DATABASE" to be the path of an SQLite file, got "postgres://db/sheaf".',
    ],
    [
      { SHEAF_MAX_BODY_BYTES: '-1' },
      'Expected "SHEAF_MAX_BODY_BYTES" between 1024 and 1073741824, got "-1".',
    ],
    [{ SHEAF_MAX_QUEUED: '0' }, 'Expected "SHEAF_MAX_QUEUED" between 1 and 1000000000, got "0".'],
    [
      { SHEAF_MAX_QUEUED_PER_TOKEN: '1e6' },
      'Expected "SHEAF_MAX_QUEUED_PER_TOKEN" between 1 and 1000000000, got "1e6".',
    ],
  ])('%j stops the start with one line that says what is allowed', (env: Record<string, string>, message) => {
    expect(refusal(env)).toBe(message)
  })

  test('are refused when they are misspelt, with the one that was meant', () => {
    expect(refusal({ SHEAF_CONCURENCY: '9' })).toBe(
      'There is no setting "SHEAF_CONCURENCY": did you mean "SHEAF_CONCURRENCY"?',
    )
    expect(refusal({ SHEAF_REDIS: 'x' })).toBe('There is no setting "SHEAF_REDIS".')
  })

  test('are refused in one line, whatever they are', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(settings)),
        fc.string({ unit: 'binary' }),
        ({ name }, text) => {
          try {
            readConfig({ [name]: text })
          } catch (error) {
            expect(error).toBeInstanceOf(ConfigError)
            expect(String(error)).not.toContain('\n')
          }
        },
      ),
    )
  })
})

describe('an address that other machines can reach', () => {
  test.each(['0.0.0.0', '::', '192.168.1.4', 'example.com', '128.0.0.1', '127.0.0.1.example.com'])(
    '%s is refused without tokens',
    (host) => {
      expect(refusal({ HOST: host })).toStartWith(
        'Expected "SHEAF_TOKENS" to be set when "HOST" is not a loopback address',
      )
      expect(readConfig({ HOST: host, SHEAF_TOKENS: `admin:${secret}` }).host).toBe(host)
    },
  )

  test.each(['127.0.0.1', '127.8.9.255', 'localhost', 'LOCALHOST', '::1'])('%s is none', (host) => {
    expect(readConfig({ HOST: host }).host).toBe(host)
  })
})

describe('tokens', () => {
  test('are kept by their hash alone', () => {
    const { tokens } = readConfig({ SHEAF_TOKENS: `read:${secret}` })
    expect(JSON.stringify(tokens)).not.toContain(secret)
    expect(tokenOf(secret, tokens)?.scope).toBe('read')
    expect(tokenOf(`${secret}x`, tokens)).toBeUndefined()
  })

  test('have an id each that stays the same, and says nothing of the secret', () => {
    const read = (text: string) => readConfig({ SHEAF_TOKENS: text }).tokens.map(({ id }) => id)
    const [first, second] = read(`read:${secret},submit:${secret}2`)
    expect(first).toMatch(/^[0-9a-f]{16}$/)
    expect(second).not.toBe(first)
    expect(read(`admin:${secret}`)).toEqual([first ?? ''])
  })

  test('open the widest of the scopes that are named', () => {
    const { tokens } = readConfig({
      SHEAF_TOKENS: `read+submit:${secret}1, admin:${secret}:2 ,read:${secret}1`,
    })
    expect(tokenOf(`${secret}1`, tokens)?.scope).toBe('submit')
    expect(tokenOf(`${secret}:2`, tokens)?.scope).toBe('admin')
  })

  test.each([
    [`read:${secret},${secret}`, 'no ":" in entry 2 of 2'],
    ['read:short-secret', 'a secret of 12 characters in entry 1 of 1'],
    [`write:${secret}`, 'an unknown scope in entry 1 of 1'],
    [`read+write:${secret}`, 'an unknown scope in entry 1 of 1'],
    [`read:${secret} with spaces`, 'a secret with other than visible ASCII characters in entry 1 of 1'],
    [`read:${secret},`, 'no ":" in entry 2 of 2'],
  ])('are refused without being shown', (text, flaw) => {
    const message = refusal({ SHEAF_TOKENS: text })
    expect(message).toEndWith(`, got ${flaw}.`)
    expect(message).not.toContain(secret)
    expect(message).not.toContain('short-secret')
  })
})
