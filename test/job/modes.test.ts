import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { noTasks } from '../../src/job/counts.ts'
import { decide, modes, type Outcome, type Rule, type Standing, type Tolerance } from '../../src/job/modes.ts'
import { type EndedState, endedTaskStates } from '../../src/job/state.ts'

const ruleOf = (rule: Partial<Rule>): Rule => ({ mode: 'all', tolerate: 0, quorum: 1, ...rule })

const openStates = ['blocked', 'queued', 'running'] as const
type Open = (typeof openStates)[number]

/** How a job stands when `ends` have come in, in this order, and `open` are still to end. */
const standing = (ends: readonly EndedState[], open: readonly Open[] = [], sealed = true): Standing => {
  const counts = noTasks()
  for (const state of [...ends, ...open]) counts[state] += 1
  counts.total = ends.length + open.length
  const ended = ends.at(-1)
  return { counts, sealed, ...(ended && { ended }) }
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)
const missedIn = (ends: readonly EndedState[]) => ends.filter((end) => end !== 'succeeded').length

/** A share in millionths, so that a reference can count in whole numbers: "12.3456%" is 123456. */
const percent = (millionths: number): Tolerance => `${millionths / 10_000}%`

const ends = fc.array(fc.constantFrom(...endedTaskStates), { maxLength: 12 })
const open = fc.array(fc.constantFrom(...openStates), { maxLength: 6 })
const millionths = fc.nat({ max: 1_000_000 })
const count = fc.nat({ max: 8 })
const mode = fc.constantFrom(...modes)
const rule: fc.Arbitrary<Rule> = fc.record({
  mode,
  tolerate: fc.oneof(count, millionths.map(percent)),
  quorum: fc.integer({ min: 1, max: 8 }),
})

describe('the outcome by its definition', () => {
  test('all fails exactly when more tasks missed than the count tolerated, and else waits for every task', () => {
    fc.assert(
      fc.property(ends, open, fc.boolean(), count, (ends, open, sealed, tolerate) => {
        const waits = !sealed || open.length > 0 ? undefined : 'succeeded'
        const expected = missedIn(ends) > tolerate ? 'failed' : waits
        expect(decide(ruleOf({ tolerate }), standing(ends, open, sealed))).toBe(expected)
      }),
    )
  })

  test('all fails exactly when more than the share tolerated missed, of a total that is final', () => {
    fc.assert(
      fc.property(ends, open, fc.boolean(), millionths, (ends, open, sealed, share) => {
        const total = ends.length + open.length
        const waits = !sealed || open.length > 0 ? undefined : 'succeeded'
        const expected = sealed && missedIn(ends) * 1_000_000 > share * total ? 'failed' : waits
        expect(decide(ruleOf({ tolerate: percent(share) }), standing(ends, open, sealed))).toBe(expected)
      }),
    )
  })

  test('allSettled succeeds when every task of a sealed job ended, however it ended', () => {
    fc.assert(
      fc.property(ends, open, fc.boolean(), rule, (ends, open, sealed, rule) => {
        const expected = sealed && open.length === 0 ? 'succeeded' : undefined
        expect(decide({ ...rule, mode: 'allSettled' }, standing(ends, open, sealed))).toBe(expected)
      }),
    )
  })

  test('any succeeds with its quorum, and fails when the tasks left cannot make it', () => {
    fc.assert(
      fc.property(ends, open, fc.boolean(), fc.integer({ min: 1, max: 8 }), (ends, open, sealed, quorum) => {
        const succeeded = ends.length - missedIn(ends)
        const hopeless = sealed && succeeded + open.length < quorum
        const expected = succeeded >= quorum ? 'succeeded' : hopeless ? 'failed' : undefined
        expect(decide(ruleOf({ mode: 'any', quorum }), standing(ends, open, sealed))).toBe(expected)
      }),
    )
  })

  test('race is what the task that just ended is', () => {
    fc.assert(
      fc.property(ends, open, fc.boolean(), rule, (ends, open, sealed, rule) => {
        const last = ends.at(-1)
        const expected = last === undefined ? undefined : last === 'succeeded' ? 'succeeded' : 'failed'
        expect(decide({ ...rule, mode: 'race' }, standing(ends, open, sealed))).toBe(expected)
      }),
    )
  })
})

describe('of no tasks', () => {
  test.each([
    ['all', 'succeeded'],
    ['allSettled', 'succeeded'],
    ['any', 'failed'],
    ['race', undefined],
  ] as const)('%s decides %p once sealed, and nothing before', (mode, outcome) => {
    expect(decide(ruleOf({ mode }), standing([], [], true))).toBe(outcome)
    expect(decide(ruleOf({ mode }), standing([], [], false))).toBeUndefined()
  })

  test('a share of nothing tolerates nothing and still succeeds', () => {
    for (const tolerate of ['0%', '50%', '100%'] as const)
      expect(decide(ruleOf({ tolerate }), standing([]))).toBe('succeeded')
  })
})

describe('a share of the tasks', () => {
  const failsWith = (tolerate: Tolerance, missed: number, total: number) => {
    const counts = { ...noTasks(), failed: missed, succeeded: total - missed, total }
    return decide(ruleOf({ tolerate }), { counts, sealed: true, ended: 'failed' }) === 'failed'
  }

  test('is exact where binary fractions are not', () => {
    for (const [tolerate, tolerated, total] of [
      ['29%', 29, 100],
      ['57%', 57, 100],
      ['9.87%', 987, 10_000],
      ['8.0125%', 641, 8_000],
    ] as const) {
      expect(failsWith(tolerate, tolerated, total)).toBe(false)
      expect(failsWith(tolerate, tolerated + 1, total)).toBe(true)
    }
  })

  test('is exact for up to a million tasks and four decimals', () => {
    fc.assert(
      fc.property(millionths, fc.integer({ min: 1, max: 1_000_000 }), (share, total) => {
        // At most 1e12, so these whole numbers are exact.
        const tolerated = Math.floor((share * total) / 1_000_000)
        expect(failsWith(percent(share), tolerated, total)).toBe(false)
        if (tolerated < total) expect(failsWith(percent(share), tolerated + 1, total)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  test('of 0% is a count of 0, and of 100% never fails', () => {
    fc.assert(
      fc.property(ends, open, (ends, open) => {
        const now = standing(ends, open)
        expect(decide(ruleOf({ tolerate: '0%' }), now)).toBe(decide(ruleOf({ tolerate: 0 }), now))
        expect(decide(ruleOf({ tolerate: '100%' }), now)).not.toBe('failed')
      }),
    )
  })
})

test('a cancelled task counts as a failed one', () => {
  const failedInstead = (ends: EndedState[]) => ends.map((end) => (end === 'cancelled' ? 'failed' : end))
  fc.assert(
    fc.property(rule, ends, open, fc.boolean(), (rule, ends, open, sealed) => {
      expect(decide(rule, standing(ends, open, sealed))).toBe(
        decide(rule, standing(failedInstead(ends), open, sealed)),
      )
    }),
  )
})

test('what is decided stays decided, whatever ends later and whatever is added to an unsealed job', () => {
  const stable = rule.filter(({ mode }) => mode !== 'race')
  fc.assert(
    fc.property(stable, ends, open, fc.boolean(), ends, (rule, ends, open, sealed, later) => {
      const decided = decide(rule, standing(ends, open, sealed))
      if (decided === undefined) return
      // The open tasks end as `later` says; an unsealed job may get more of them, or fewer than are open yet.
      const rest = sealed
        ? open.map((_, at) => later[at] ?? 'failed')
        : [...open.map((): EndedState => 'failed'), ...later]
      for (let end = 0; end <= rest.length; end += 1) {
        const left = times(rest.length - end, 'queued' as const)
        expect(decide(rule, standing([...ends, ...rest.slice(0, end)], left))).toBe(decided)
      }
    }),
    { numRuns: 1_000 },
  )
})

test('while any is undecided, it can still end either way', () => {
  fc.assert(
    fc.property(rule, ends, open, fc.boolean(), (rule, ends, open, sealed) => {
      const any: Rule = { ...rule, mode: 'any' }
      if (decide(any, standing(ends, open, sealed)) !== undefined) return
      const added = sealed ? 0 : any.quorum
      const ending = (end: EndedState) => decide(any, standing([...ends, ...times(open.length + added, end)]))
      expect([ending('succeeded'), ending('failed')]).toEqual(['succeeded', 'failed'])
    }),
  )
})

test('any with a quorum of q is all that tolerates the others', () => {
  fc.assert(
    fc.property(ends, (ends) => {
      for (let quorum = 1; quorum <= ends.length; quorum += 1) {
        const any = decide(ruleOf({ mode: 'any', quorum }), standing(ends))
        expect(any).toBe(decide(ruleOf({ mode: 'all', tolerate: ends.length - quorum }), standing(ends)))
      }
    }),
  )
})

describe('an outcome never gets worse', () => {
  const rank = (outcome: Outcome | undefined) => (outcome === 'failed' ? 0 : outcome === undefined ? 1 : 2)

  test('by tolerating more', () => {
    fc.assert(
      fc.property(ends, open, fc.boolean(), count, millionths, (ends, open, sealed, fewer, share) => {
        const now = standing(ends, open, sealed)
        const rankWith = (tolerate: Tolerance) => rank(decide(ruleOf({ tolerate }), now))
        expect(rankWith(fewer + 1)).toBeGreaterThanOrEqual(rankWith(fewer))
        expect(rankWith(percent(share))).toBeGreaterThanOrEqual(rankWith(percent(Math.floor(share / 2))))
      }),
    )
  })

  test('by asking for a smaller quorum', () => {
    fc.assert(
      fc.property(ends, open, fc.boolean(), fc.integer({ min: 2, max: 8 }), (ends, open, sealed, quorum) => {
        const rankWith = (quorum: number) =>
          rank(decide(ruleOf({ mode: 'any', quorum }), standing(ends, open, sealed)))
        expect(rankWith(quorum - 1)).toBeGreaterThanOrEqual(rankWith(quorum))
      }),
    )
  })

  test('by one more task that succeeds instead', () => {
    fc.assert(
      fc.property(rule, ends, open, fc.boolean(), fc.nat({ max: 11 }), (rule, ends, open, sealed, at) => {
        const improved = ends.map((end, index) => (index === at ? 'succeeded' : end))
        const rankOf = (ends: readonly EndedState[]) => rank(decide(rule, standing(ends, open, sealed)))
        expect(rankOf(improved)).toBeGreaterThanOrEqual(rankOf(ends))
      }),
    )
  })
})
