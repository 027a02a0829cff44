import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Breaker } from '../../../src/engine/flow/breaker.ts'

const settings = { failures: 0.5, of: 4, openMs: 1_000, probes: 2 }

/** Runs a task that ends at once. */
const attempt = (breaker: Breaker, ok: boolean | undefined, now = 0) => {
  const task = {}
  breaker.started(task)
  return breaker.ended(task, ok, now)
}

const opened = () => {
  const breaker = new Breaker(settings, 0)
  for (const ok of [true, false, true, false]) attempt(breaker, ok)
  return breaker
}

/** An open circuit that probes. */
const probing = () => {
  const breaker = opened()
  breaker.advance(1_000)
  return breaker
}

describe('a circuit', () => {
  test('opens when enough of the latest attempts failed, and not before there were that many', () => {
    const breaker = new Breaker(settings, 0)
    expect([false, false, false].map((ok) => attempt(breaker, ok))).toEqual([false, false, false])
    expect(attempt(breaker, true, 70)).toBe(true)
    expect(breaker).toMatchObject({ state: 'open', since: 70, retryAt: 1_070, room: 0 })
  })

  test('stays closed while fewer fail, and heeds nothing that says nothing', () => {
    const breaker = new Breaker(settings, 0)
    for (let round = 0; round < 10; round += 1)
      for (const ok of [true, undefined, true, false, true, undefined]) attempt(breaker, ok)
    expect(breaker).toMatchObject({ state: 'closed', room: Number.POSITIVE_INFINITY })
  })

  test('takes a share for what it says, where it is no binary fraction', () => {
    const breaker = new Breaker({ ...settings, failures: 0.1, of: 30 }, 0)
    for (let left = 27; left > 0; left -= 1) attempt(breaker, true)
    expect([false, false, false].map((ok) => attempt(breaker, ok))).toEqual([false, false, true])
  })

  test('lets nothing start until its time, then as many probes as it may and not one more', () => {
    const breaker = opened()
    expect(breaker.advance(999)).toBe(false)
    expect(breaker.room).toBe(0)
    expect(breaker.advance(1_000)).toBe(true)
    expect(breaker).toMatchObject({ state: 'probing', since: 1_000, retryAt: undefined, room: 2 })
    breaker.started({})
    breaker.started({})
    expect(breaker.room).toBe(0)
  })

  test('closes when all probes succeed, and has forgotten what failed', () => {
    const breaker = probing()
    expect([attempt(breaker, true), attempt(breaker, true, 1_500)]).toEqual([false, true])
    expect(breaker).toMatchObject({ state: 'closed', since: 1_500 })
    expect([false, false, false].map((ok) => attempt(breaker, ok))).toEqual([false, false, false])
  })

  test('opens again when a probe fails, each time for twice as long, up to ten times', () => {
    const breaker = opened()
    const waits: number[] = []
    let now = 1_000
    for (let round = 0; round < 6; round += 1) {
      breaker.advance(now)
      attempt(breaker, false, now)
      waits.push((breaker.retryAt ?? now) - now)
      now = breaker.retryAt ?? now
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 10_000, 10_000, 10_000])
    breaker.advance(now)
    for (const ok of [true, true, false, false, false, false]) attempt(breaker, ok, now)
    expect(breaker.retryAt).toBe(now + 1_000)
  })

  test('has a place for another probe when one ended in a way that says nothing', () => {
    const breaker = probing()
    attempt(breaker, undefined)
    expect(breaker).toMatchObject({ state: 'probing', room: 2 })
  })

  test('does not judge by what was started before it moved', () => {
    const breaker = new Breaker(settings, 0)
    const old = {}
    breaker.started(old)
    for (let left = 4; left > 0; left -= 1) attempt(breaker, false)
    breaker.advance(1_000)
    expect(breaker.ended(old, false, 1_000)).toBe(false)
    expect(breaker).toMatchObject({ state: 'probing', room: 2 })
  })

  test('is open after a restart for as long as it was to be', () => {
    const kept = opened().kept
    const breaker = new Breaker(settings, 0)
    if (kept) breaker.resume(kept, 600)
    expect(breaker).toMatchObject({ state: 'open', since: 0, retryAt: 1_000 })
  })

  test('that probed before a restart probes again at once', () => {
    const kept = probing().kept
    const breaker = new Breaker(settings, 5_000)
    if (kept) breaker.resume(kept, 5_000)
    expect(breaker.advance(5_000)).toBe(true)
    expect(breaker.room).toBe(2)
  })
})

/** The same in few words: what a circuit is after a history of ends, each of a task that ran alone. */
const model = (ends: readonly { ok: boolean; waitMs: number }[]) => {
  let state = 'closed'
  let latest: boolean[] = []
  let [now, openMs, retryAt, passed] = [0, settings.openMs, 0, 0]
  const open = (ms: number) => {
    ;[state, latest, openMs, retryAt] = ['open', [], ms, now + ms]
  }
  for (const { ok, waitMs } of ends) {
    now += waitMs
    if (state === 'open' && now >= retryAt) [state, passed] = ['probing', 0]
    if (state === 'open') continue
    if (state === 'probing') {
      if (!ok) open(Math.min(2 * openMs, 10 * settings.openMs))
      else if (++passed === settings.probes) [state, latest] = ['closed', []]
      continue
    }
    latest = [...latest, ok].slice(-settings.of)
    const failed = latest.filter((ok) => !ok).length
    if (latest.length === settings.of && failed / settings.of >= settings.failures) open(settings.openMs)
  }
  return { state, retryAt: state === 'open' ? retryAt : undefined }
}

test('a circuit does as its model does, whatever happens', () => {
  const ends = fc.array(fc.record({ ok: fc.boolean(), waitMs: fc.constantFrom(0, 10, 400, 3_000) }), {
    maxLength: 80,
  })
  fc.assert(
    fc.property(ends, (ends) => {
      const breaker = new Breaker(settings, 0)
      let now = 0
      for (const { ok, waitMs } of ends) {
        now += waitMs
        breaker.advance(now)
        if (breaker.room > 0) attempt(breaker, ok, now)
      }
      expect({ state: breaker.state, retryAt: breaker.retryAt }).toEqual(model(ends) as never)
    }),
    { numRuns: 500 },
  )
})
