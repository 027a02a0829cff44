import { describe, expect, test } from 'bun:test'
import type { UpstreamNews } from '../../../src/kinds/kind.ts'
import { type Course, mostWithin, World } from './world.ts'

interface Answered {
  left: number
  /** In whole seconds, as headers have it. */
  resetMs: number
  isRefused: boolean
}

/** An upstream that takes so many in each second of its clock, and says what it says of that. */
const limited = (limit: number, say: (answered: Answered) => UpstreamNews | undefined) => {
  let second = 0
  let used = 0
  return (_queue: string, at: number): Course => {
    if (second !== Math.floor(at / 1_000)) [second, used] = [Math.floor(at / 1_000), 0]
    const isRefused = used >= limit
    if (!isRefused) used += 1
    const news = say({ left: limit - used, resetMs: 1_000, isRefused })
    return { ms: 20, result: isRefused ? 'snooze' : 'succeeded', ...(news && { news }) }
  }
}

const pause = { ms: 1_000, why: '429 with Retry-After' }

/** How 2,000 tasks go with an upstream that takes 50 a second. */
const live = (say: (answered: Answered) => UpstreamNews | undefined) => {
  const lived = new World({ tasks: { 'http:a': 2_000 }, answer: limited(50, say) })
  const since = lived.now
  lived.run(since + 600_000)
  expect(lived.left).toBe(0)
  return { lived, refused: lived.results.get('snooze') ?? 0, seconds: (lived.now - since) / 1_000 }
}

describe('an upstream of 50 a second, asked for 2,000', () => {
  test('that states its policy is never asked for more once that is known', () => {
    const { lived, refused, seconds } = live(({ isRefused }) => ({
      quota: { limit: 50, perMs: 1_000, remaining: undefined, resetMs: undefined },
      ...(isRefused && { pause }),
    }))
    // The 64 that were under way before it said so.
    expect(refused).toBeLessThanOrEqual(14)
    expect(seconds).toBeWithin(39, 42)
    const known = lived.starts.slice(64).map(({ at }) => at)
    expect(mostWithin(known, 1_000)).toBeLessThanOrEqual(50)
  })

  test('that tells what is left refuses next to nothing', () => {
    const { refused, seconds } = live(({ left, resetMs, isRefused }) => ({
      quota: { limit: 50, perMs: undefined, remaining: left, resetMs },
      ...(isRefused && { pause }),
    }))
    expect(refused).toBeLessThanOrEqual(14)
    expect(seconds).toBeWithin(39, 50)
  })

  test('that says nothing but 429 and Retry-After refuses one in ten', () => {
    const { refused, seconds } = live(({ isRefused }) =>
      isRefused ? { pause, overloaded: true } : undefined,
    )
    expect(refused).toBeLessThan(200)
    expect(seconds).toBeLessThan(55)
  })
})

test('an upstream that is down for a minute is asked once for each pause, and then gets all its work again', () => {
  const downUntil = 1_700_000_000_000 + 60_000
  const lived = new World({
    tasks: { 'http:a': 3_000 },
    answer: (_queue, at) =>
      at < downUntil
        ? {
            ms: 10,
            result: 'snooze',
            news: { pause: { ms: 2_000, why: '503 with Retry-After' }, overloaded: true },
          }
        : { ms: 10, result: 'succeeded' },
  })
  lived.run(downUntil + 600_000)
  expect(lived.left).toBe(0)
  const [first = 0] = lived.starts.map(({ at }) => at)
  const again = lived.starts.filter(({ at }) => at > first && at < downUntil)
  expect(again.length).toBeWithin(25, 31)
  // 64 at once take 10 ms each; it takes about 60 rounds to come back to that.
  expect(lived.now - downUntil).toBeLessThan(3_500)
})
