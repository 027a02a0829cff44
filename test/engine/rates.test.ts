import { describe, expect, test } from 'bun:test'
import { Rates } from '../../src/engine/rates.ts'

import { jobWith, start } from './kit/job.ts'

const started = () => {
  const rates = new Rates()
  rates.note(jobWith(0), start)
  return rates
}

/** Notes the job every 100 ms, and gives its rate at the end. */
const run = (rates: Rates, from: { at: number; ended: number }, perSecond: number, seconds: number) => {
  let { at, ended } = from
  for (let step = 0; step < seconds * 10; step += 1) {
    at += 100
    ended += perSecond / 10
    rates.note(jobWith(ended), at)
  }
  return { at, ended, rate: rates.of(jobWith(ended), at) }
}

describe('the rate of a job', () => {
  test('is what it does, from the first second on', () => {
    expect(run(started(), { at: start, ended: 0 }, 200, 1).rate).toBe(200)
    expect(run(started(), { at: start, ended: 0 }, 200, 20).rate).toBe(200)
  })

  test('is its average until there is a measurement', () => {
    expect(new Rates().of(jobWith(50), start + 500)).toBe(100)
    expect(new Rates().of(jobWith(0, 0, { startedAt: undefined }), start)).toBe(0)
  })

  test('follows a change within about five seconds, and one noisy second by less than a third', () => {
    const rates = started()
    const steady = run(rates, { at: start, ended: 0 }, 100, 10)
    const second = run(rates, steady, 400, 1)
    expect(second.rate).toBeGreaterThan(150)
    expect(second.rate).toBeLessThan(200)
    const later = run(rates, second, 400, 4)
    expect(later.rate).toBeGreaterThan(340)
    expect(later.rate).toBeLessThan(400)
  })

  test('sinks while nothing ends, though nobody notes anything', () => {
    const rates = started()
    const { at, ended } = run(rates, { at: start, ended: 0 }, 100, 10)
    const after = (ms: number) => rates.of(jobWith(ended), at + ms)
    expect(after(900)).toBe(100)
    expect(after(2_000)).toBeLessThan(55)
    expect(after(30_000)).toBeLessThan(0.1)
    expect(rates.of(jobWith(ended), at)).toBe(100)
  })

  test('does not depend on how often it is noted', () => {
    const [often, seldom] = [new Rates(), new Rates()]
    often.note(jobWith(0), start)
    seldom.note(jobWith(0), start)
    for (let second = 1; second <= 8; second += 1) often.note(jobWith(second * 70), start + second * 1_000)
    seldom.note(jobWith(8 * 70), start + 8_000)
    expect(often.of(jobWith(560), start + 8_000)).toBe(seldom.of(jobWith(560), start + 8_000))
  })

  test('is never negative, also when a retry takes ends back', () => {
    const rates = new Rates()
    rates.note(jobWith(100), start)
    rates.note(jobWith(0), start + 1_000)
    expect(rates.of(jobWith(0), start + 1_000)).toBe(0)
  })

  test('is forgotten with the last task that runs: what waits or has ended costs nothing', () => {
    const rates = new Rates()
    run(rates, { at: start, ended: 0 }, 200, 5)
    rates.note(jobWith(1_000, 0), start + 10_000)
    expect(rates.of(jobWith(1_000, 0), start + 20_000)).toBe(50)
  })
})
