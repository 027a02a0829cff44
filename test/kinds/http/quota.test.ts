import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { quotasOf, type ToldQuota } from '../../../src/kinds/http/quota.ts'
import type { UpstreamNews } from '../../../src/kinds/kind.ts'
import { TestContext } from '../context.ts'
import { answering } from './answering.ts'
import { http } from './loopback.ts'

const date = 'Fri, 20 Nov 2026 12:00:00 GMT'
const now = Date.parse(date)

const told = (headers: Record<string, string>) => quotasOf(new Headers(headers), now)

const quota = (
  limit: number | undefined,
  perMs: number | undefined,
  remaining?: number,
  resetMs?: number,
): ToldQuota => ({ limit, perMs, remaining, resetMs })

describe('a quota', () => {
  test.each<[string, Record<string, string>, ToldQuota[]]>([
    ['a policy', { 'ratelimit-policy': '"default";q=100;w=60' }, [quota(100, 60_000)]],
    [
      'a policy and what is left of it',
      { 'ratelimit-policy': '"default";q=100;w=60', ratelimit: '"default";r=50;t=30' },
      [quota(100, 60_000, 50, 30_000)],
    ],
    [
      'several policies, and what is left of one',
      { 'ratelimit-policy': '"burst";q=10;w=1, "day";q=1000;w=86400', ratelimit: '"day";r=7;t=500' },
      [quota(10, 1_000), quota(1_000, 86_400_000, 7, 500_000)],
    ],
    [
      'what is left of a policy that is told nowhere',
      { 'ratelimit-policy': '"a";q=10;w=1', ratelimit: '"a";r=9;t=1, "b";r=0;t=9' },
      [quota(10, 1_000, 9, 1_000), quota(undefined, undefined, 0, 9_000)],
    ],
    ['what is left alone', { ratelimit: '"default";r=0;t=50' }, [quota(undefined, undefined, 0, 50_000)]],
    [
      'names with separators and quotes in them',
      { 'ratelimit-policy': '"a,b;c\\"";q=5;w=2;pk=:cHNjZw==:', ratelimit: '"a,b;c\\"";r=1;t=1' },
      [quota(5, 2_000, 1, 1_000)],
    ],
    [
      'requests, not what else is counted',
      { 'ratelimit-policy': '"bytes";q=65535;w=10;qu="content-bytes", "r";q=5;w=1;qu="requests"' },
      [quota(5, 1_000)],
    ],
    [
      'a policy in its older form',
      { 'ratelimit-policy': '100;w=60', ratelimit: 'limit=100, remaining=50, reset=5' },
      [quota(100, 60_000, 50, 5_000)],
    ],
    [
      'several policies in their older form',
      { 'ratelimit-policy': '10;w=1, 1000;w=3600', ratelimit: 'limit=10, remaining=0, reset=1' },
      [quota(10, 1_000, 0, 1_000), quota(1_000, 3_600_000)],
    ],
    [
      'three headers, the limit with its policies',
      { 'ratelimit-limit': '50, 50;w=1, 1000;w=3600', 'ratelimit-remaining': '49', 'ratelimit-reset': '1' },
      [quota(50, 1_000, 49, 1_000), quota(1_000, 3_600_000)],
    ],
    ['a limit with its window', { 'ratelimit-limit': '50, 50;w=1' }, [quota(50, 1_000)]],
    [
      'three headers',
      { 'ratelimit-limit': '100', 'ratelimit-remaining': '0', 'ratelimit-reset': '20' },
      [quota(100, undefined, 0, 20_000)],
    ],
    [
      'three headers with X-',
      { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4999', 'x-ratelimit-reset': '3600' },
      [quota(5_000, undefined, 4_999, 3_600_000)],
    ],
    [
      'a reset in seconds since 1970',
      { 'x-ratelimit-remaining': '7', 'x-ratelimit-reset': String(now / 1_000 + 40), date },
      [quota(undefined, undefined, 7, 40_000)],
    ],
    [
      'a reset in milliseconds since 1970, by our own clock',
      { 'x-ratelimit-remaining': '7', 'x-ratelimit-reset': String(now + 1_500) },
      [quota(undefined, undefined, 7, 1_500)],
    ],
    [
      'a reset that has passed',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1_000 - 40), date },
      [quota(undefined, undefined, 0, 0)],
    ],
    [
      'the newest form of all that are there',
      { ratelimit: '"a";r=3;t=2', 'x-ratelimit-remaining': '9', 'x-ratelimit-reset': '9' },
      [quota(undefined, undefined, 3, 2_000)],
    ],
  ])('is told by %s', (_what, headers, quotas) => {
    expect(told(headers)).toEqual(quotas)
  })

  test.each<Record<string, string>>([
    {},
    { 'x-ratelimit-limit': '100' },
    { 'x-ratelimit-remaining': '5' },
    { 'x-ratelimit-remaining': 'many', 'x-ratelimit-reset': '5' },
    { 'ratelimit-policy': 'soon' },
    { 'ratelimit-policy': '"a";q=ten;w=1' },
    { 'ratelimit-policy': '"a";q=10;w=0' },
    { ratelimit: '"a;r=1;t=2' },
    { ratelimit: ',;=,"' },
    { 'ratelimit-policy': '"a";q=10;w=31536001' },
  ])('is not told by %j', (headers) => {
    expect(told(headers)).toEqual([])
  })

  test('is not looked for in a header of more than 2,000 characters', () => {
    const policy = (length: number) => ({ 'ratelimit-policy': `"${'a'.repeat(length)}";q=10;w=1` })
    expect([1_989, 1_990].map((length) => told(policy(length)).length)).toEqual([1, 0])
  })

  test('is read from anything without an error, and has numbers that make sense or none', () => {
    const text = fc.oneof(
      fc.string({
        unit: fc.constantFrom(...'ab0123456789"\\,;=. -w', 'q=', 'w=', 'r=', 't=', ';w=60'),
        maxLength: 60,
      }),
      fc.string({
        unit: fc.integer({ min: 32, max: 255 }).map((code) => String.fromCharCode(code)),
        maxLength: 60,
      }),
    )
    const names = ['ratelimit', 'ratelimit-policy', 'date'].concat(
      ...['ratelimit', 'x-ratelimit'].map((name) =>
        ['limit', 'remaining', 'reset'].map((end) => `${name}-${end}`),
      ),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), text, { noNullPrototype: true }), (headers) => {
        for (const quota of told(headers))
          for (const value of Object.values(quota))
            expect(value === undefined || (Number.isInteger(value) && value >= 0)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })
})

/** What the task tells its queue of a response. */
const news = async (headers: HeadersInit, status = 200, fields = {}): Promise<UpstreamNews[]> => {
  await using upstream = answering(() => new Response(status === 204 ? null : '{}', { status, headers }))
  const heard: UpstreamNews[] = []
  const context = Object.assign(new TestContext(), {
    upstream: (news: UpstreamNews) => void heard.push(news),
  })
  await http.run({ url: upstream.url, ...fields }, context)
  return heard
}

describe('a task tells its queue', () => {
  test('nothing when a response tells nothing', async () => {
    expect(await news({})).toEqual([])
    expect(await news({}, 404)).toEqual([])
    expect(await news({ 'retry-after': '5' })).toEqual([])
  })

  test('the quotas, with any status', async () => {
    const headers = { 'ratelimit-policy': '"a";q=10;w=1, "b";q=100;w=60' }
    const quotas = [{ quota: quota(10, 1_000) }, { quota: quota(100, 60_000) }]
    expect(await news(headers)).toEqual(quotas)
    expect(await news(headers, 404)).toEqual(quotas)
  })

  test('only the quota when nothing is left and the request was answered', async () => {
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '60' }
    expect(await news(headers)).toEqual([{ quota: quota(undefined, undefined, 0, 60_000) }])
  })

  test.each([429, 503])('that it was refused with %d, and for how long', async (status) => {
    const why = `${status} with Retry-After`
    expect(await news({ 'retry-after': '7' }, status)).toEqual([
      { pause: { ms: 7_000, why }, overloaded: true },
    ])
    expect(await news({}, status)).toEqual([{ overloaded: true }])
  })

  test('the reset of a quota that is used up as the end of the pause', async () => {
    expect(await news({ ratelimit: '"a";r=0;t=50' }, 429)).toEqual([
      { quota: quota(undefined, undefined, 0, 50_000) },
      { pause: { ms: 50_000, why: '429 with a used-up rate limit' }, overloaded: true },
    ])
  })

  test('to wait for other statuses that it repeats on, if it did not want them', async () => {
    const headers = { 'retry-after': '7' }
    const pause = { ms: 7_000, why: '403 with Retry-After' }
    expect(await news(headers, 403)).toEqual([])
    expect(await news(headers, 403, { retryOn: { status: [403] } })).toEqual([{ pause }])
    expect(await news(headers, 403, { retryOn: { status: [403] }, expect: { status: [403] } })).toEqual([])
  })

  test('to wait also when the task itself does not', async () => {
    expect(await news({ 'retry-after': '7' }, 429, { maxWaitMs: 0 })).toMatchObject([
      { pause: { ms: 7_000 } },
    ])
  })
})
