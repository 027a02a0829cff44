import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { cronErrors, ticksOf, upcoming } from '../../src/engine/schedules/cron.ts'

const at = (iso: string) => Date.parse(iso)
const written = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z')

/** The next ticks after a moment, in UTC. */
const next = (cron: string, timeZone: string, after: string, count: number) =>
  upcoming(ticksOf(cron, timeZone), at(after), count).map(written)

const messageOf = (cron: string, timeZone = 'UTC') =>
  cronErrors(cron, timeZone, at('2027-01-01T00:00:00Z')).map(({ message }) => message)

describe('an expression', () => {
  test.each<[what: string, cron: string, ticks: string[]]>([
    ['of five fields counts minutes', '*/20 * * * *', ['2027-01-01T00:20:00Z', '2027-01-01T00:40:00Z']],
    ['of six counts seconds', '*/30 * * * * *', ['2027-01-01T00:00:30Z', '2027-01-01T00:01:00Z']],
    ['of seven names a year', '0 0 0 1 1 * 2030-2031', ['2030-01-01T00:00:00Z', '2031-01-01T00:00:00Z']],
    ['may name days', '0 9 * * MON-FRI', ['2027-01-01T09:00:00Z', '2027-01-04T09:00:00Z']],
    ['may be the last day of a month', '0 0 L * *', ['2027-01-31T00:00:00Z', '2027-02-28T00:00:00Z']],
    ['may be the second Friday', '0 0 * * FRI#2', ['2027-01-08T00:00:00Z', '2027-02-12T00:00:00Z']],
    [
      'means a day of the month or one of the week',
      '0 0 13 * FRI',
      ['2027-01-08T00:00:00Z', '2027-01-13T00:00:00Z'],
    ],
    ['means both with a plus', '0 0 13 * +FRI', ['2027-08-13T00:00:00Z', '2028-10-13T00:00:00Z']],
    ['may be a leap day', '0 0 29 2 *', ['2028-02-29T00:00:00Z', '2032-02-29T00:00:00Z']],
    ['may have a name', '@monthly', ['2027-02-01T00:00:00Z', '2027-03-01T00:00:00Z']],
  ])('%s', (_, cron, ticks) => {
    expect(messageOf(cron)).toEqual([])
    expect(next(cron, 'UTC', '2027-01-01T00:00:00Z', 2)).toEqual(ticks)
  })

  test('that has an end has no ticks after it', () => {
    expect(next('0 0 0 1 1 * 2028', 'UTC', '2027-01-01T00:00:00Z', 5)).toEqual(['2028-01-01T00:00:00Z'])
    expect(ticksOf('0 0 0 1 1 * 2028', 'UTC').upTo(at('2027-12-31T23:59:59Z'))).toBeUndefined()
  })

  const form =
    'to be a cron expression of 5 to 7 fields such as "0 3 * * MON-FRI", or a name such as "@daily"'
  test.each<[cron: string, reason: string]>([
    ['61 * * * *', ' Invalid value for minute: 61.'],
    ['0 0 * * 8', ' Invalid value for dayOfWeek: 8.'],
    ['*/0 * * * *', ' Syntax error, illegal stepping: 0.'],
    ['hello', ''],
    ['* * * *', ''],
    ['* * * * * * * *', ''],
    ['2027-05-01T00:00:00', ''],
    ['0 0 1 1 10:30', ''],
  ])('%j is none', (cron, reason) => {
    expect(messageOf(cron)).toEqual([`Expected "cron" ${form}, got ${JSON.stringify(cron)}.${reason}`])
  })

  test('that croner refuses has its reason in the message', () => {
    expect(messageOf('@reboot')[0]).toContain('@reboot is not supported')
    expect(messageOf('5/5 * * * *')[0]).toContain("stepping with numeric prefix ('5/5') is not allowed")
  })

  test.each(['0 0 30 2 *', '0 0 31 4,6,9,11 *', '0 0 0 1 1 * 2026'])('%j never comes true', (cron) => {
    expect(messageOf(cron)).toEqual([
      `Expected "cron" to match a time that is still to come, got ${JSON.stringify(cron)}.`,
    ])
  })
})

describe('a time zone', () => {
  test.each(['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'CET', '+02:00'])('may be %s', (timeZone) => {
    expect(messageOf('@daily', timeZone)).toEqual([])
  })

  test.each([
    ['Mars/Phobos', ''],
    ['Europe/Berln', ' Did you mean "Europe/Berlin"?'],
    ['local', ''],
  ])('may not be %s', (timeZone, hint) => {
    expect(messageOf('@daily', timeZone)).toEqual([
      `Expected "timeZone" to be the IANA name of a time zone such as "Europe/Berlin", got "${timeZone}".${hint}`,
    ])
  })

  test('and an expression that are both wrong are both named', () => {
    expect(messageOf('hello', 'Mars/Phobos')).toHaveLength(2)
  })
})

// 2027: Berlin skips 02:00–03:00 on 28 March (at 01:00Z) and repeats it on 31 October (at 01:00Z);
// New York skips 02:00–03:00 on 14 March (at 07:00Z) and repeats 01:00–02:00 on 7 November (at 06:00Z).
describe('where the clocks change', () => {
  test('a time of day stays the time of day', () => {
    expect(next('0 9 * * *', 'Europe/Berlin', '2027-03-27T00:00:00Z', 2)).toEqual([
      '2027-03-27T08:00:00Z',
      '2027-03-28T07:00:00Z',
    ])
    expect(next('0 9 * * *', 'America/New_York', '2027-11-06T00:00:00Z', 2)).toEqual([
      '2027-11-06T13:00:00Z',
      '2027-11-07T14:00:00Z',
    ])
  })

  test.each([
    ['Europe/Berlin', '2027-03-27T12:00:00Z', '2027-03-28T01:00:00Z', '2027-03-29T00:30:00Z'],
    ['America/New_York', '2027-03-13T18:00:00Z', '2027-03-14T07:00:00Z', '2027-03-15T06:30:00Z'],
  ])('a time of day in the skipped hour of %s comes right after the gap', (zone, after, gap, day) => {
    expect(next('30 2 * * *', zone, after, 2)).toEqual([gap, day])
    // A list of times is no rhythm either; times that meet at the end of the gap come once.
    expect(next('15,30 2 * * *', zone, after, 1)).toEqual([gap])
    expect(next('30 2,12 * * *', zone, after, 1)).toEqual([gap])
  })

  test.each([
    ['Europe/Berlin', '30 2 * * *', '2027-10-30T12:00:00Z', '2027-10-31T00:30:00Z', '2027-11-01T01:30:00Z'],
    [
      'America/New_York',
      '30 1 * * *',
      '2027-11-06T12:00:00Z',
      '2027-11-07T05:30:00Z',
      '2027-11-08T06:30:00Z',
    ],
  ])(
    'a time of day in the repeated hour of %s comes the first time only',
    (zone, cron, after, first, day) => {
      expect(next(cron, zone, after, 2)).toEqual([first, day])
    },
  )

  test.each([
    ['Europe/Berlin', '2027-03-28T00:00:00Z', '2027-03-28T01:00:00Z'],
    ['America/New_York', '2027-03-14T06:00:00Z', '2027-03-14T07:00:00Z'],
  ])('a rhythm goes on over the skipped hour of %s', (zone, after, over) => {
    const half = new Date(at(after) + 1_800_000)
    expect(next('*/30 * * * *', zone, after, 2)).toEqual([written(half.getTime()), over])
    expect(next('*/30 2 * * *', zone, after, 1)[0]).not.toStartWith(over.slice(0, 10))
  })

  test.each([
    ['Europe/Berlin', '*/30 2 * * *', '2027-10-30T12:00:00Z', '2027-10-31T00:00:00Z'],
    ['America/New_York', '*/30 1 * * *', '2027-11-06T12:00:00Z', '2027-11-07T05:00:00Z'],
  ])('a rhythm goes through the repeated hour of %s twice', (zone, cron, after, first) => {
    const times = [0, 30, 60, 90].map((minutes) => written(at(first) + minutes * 60_000))
    expect(next(cron, zone, after, 4)).toEqual(times)
  })
})

describe('the last tick up to a moment', () => {
  test('may be at that very moment, and is before the next one', () => {
    const ticks = ticksOf('*/10 * * * * *', 'UTC')
    const tick = at('2027-01-01T00:00:10Z')
    expect(ticks.upTo(tick)).toBe(tick)
    expect(ticks.upTo(tick - 1)).toBe(tick - 10_000)
    expect(ticks.upTo(tick + 9_999)).toBe(tick)
    expect(ticks.after(tick)).toBe(tick + 10_000)
    expect(ticks.after(tick - 1)).toBe(tick)
  })

  test('agrees with the next one, for any expression, zone and moment', () => {
    const crons = [
      '* * * * * *',
      '*/7 * * * *',
      '30 2 * * *',
      '15,45 1-3 * * *',
      '0 */5 * * *',
      '0 0 L * *',
      '0 12 * * MON#1',
    ]
    const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata']
    const moments = fc.integer({ min: at('2027-01-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z') })
    // Half of them around a change of the clocks.
    const changes = [
      '2027-03-28T01:00:00Z',
      '2027-10-31T01:00:00Z',
      '2027-03-14T07:00:00Z',
      '2027-11-07T06:00:00Z',
    ]
    const near = fc
      .tuple(fc.constantFrom(...changes), fc.integer({ min: -14_400_000, max: 14_400_000 }))
      .map(([change, off]) => at(change) + off)
    fc.assert(
      fc.property(
        fc.constantFrom(...crons),
        fc.constantFrom(...zones),
        fc.oneof(moments, near),
        (cron, zone, now) => {
          const ticks = ticksOf(cron, zone)
          const after = ticks.after(now) ?? 0
          const before = ticks.upTo(now) ?? 0
          expect(before).toBeLessThanOrEqual(now)
          expect(after).toBeGreaterThan(now)
          expect(ticks.after(before)).toBe(after)
          expect(ticks.upTo(after)).toBe(after)
          expect(ticks.upTo(after - 1)).toBe(before)
        },
      ),
      { numRuns: 500 },
    )
  })
})
