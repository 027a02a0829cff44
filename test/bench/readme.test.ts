import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { Comparison } from './compare.ts'
import type { Measurement } from './measurement.ts'
import type { Run } from './report.ts'
import { sectionOf, withSection } from './section.ts'

const published: Run = await Bun.file(join(import.meta.dir, 'published.json')).json()
const spread = (median: number) => ({ median, least: median, most: median })

const runOf = (...measurements: Measurement[]): Run => ({
  conditions: { ...published.conditions, at: '2026-01-02T03:04:05.678Z', quick: false },
  took: {},
  measurements,
})

const comparison: Comparison = {
  type: 'comparison',
  name: 'tasks',
  unit: 'tasks/s',
  about: 'a job of 100000; results kept',
  contenders: [
    { name: 'Sheaf', about: '', rate: spread(90_000), samples: [] },
    { name: 'a bare loop', about: '', target: 0.7, rate: spread(120_000), samples: [] },
    { name: 'itself', about: '', rate: spread(90_000), samples: [] },
    { name: 'other', about: '', lacks: 'no | fsync', rate: spread(3_000), samples: [] },
  ],
  ratios: [
    { to: 'a bare loop', ratio: spread(0.75), values: [] },
    { to: 'itself', ratio: spread(1), values: [] },
    { to: 'other', ratio: spread(30), values: [] },
  ],
}

test('the README says of the speed what the published run says', async () => {
  const readme = await Bun.file(join(import.meta.dir, '../../README.md')).text()
  expect(withSection(readme, sectionOf(published))).toBe(readme)
})

describe('the section on speed', () => {
  test('tells the share of a limit apart from the ratio to another', () => {
    const lines = sectionOf(runOf(comparison)).split('\n')
    expect(lines).toContain('| tasks: a job of 100,000 | 90,000 tasks/s | 0.75 of a bare loop |')
    expect(lines).toContain('| tasks | other | 3,000 tasks/s | 30 × | no \\| fsync |')
  })

  test('has times and bounds in a table of their own, if there is a target for them', () => {
    const delays: Measurement = {
      type: 'delays',
      name: 'commit to reader',
      about: '',
      loads: [
        { name: '10000 tasks/s', p50Ms: spread(0.5), p99Ms: spread(2), mostMs: spread(9), targetMs: 3 },
        { name: '  bare', p50Ms: spread(0.1), p99Ms: spread(1), mostMs: spread(3) },
        { name: 'untold', p50Ms: spread(0.1), p99Ms: spread(1), mostMs: spread(3) },
        { name: '  bare too', p50Ms: spread(0.1), p99Ms: spread(1), mostMs: spread(3) },
      ],
    }
    const bounds: Measurement = {
      type: 'bounds',
      name: 'idle',
      about: '',
      values: [
        { name: 'memory', unit: 'MB', value: spread(123.4), most: 250, samples: [] },
        { name: 'untold', unit: 'MB', value: spread(1), samples: [] },
      ],
    }
    const section = sectionOf(runOf(delays, bounds))
    expect(section).not.toMatch(/untold|bare too/)
    const lines = section.split('\n')
    const times = 'p50 0.50 ms, p99 2.00 ms; bare: p50 0.10 ms, p99 1.00 ms'
    expect(lines).toContain(`| commit to reader: 10,000 tasks/s | ${times} |`)
    expect(lines).toContain('| idle: memory | 123 MB |')
  })

  test('has no table of what was not measured, and names what was not there', () => {
    const section = sectionOf(runOf({ type: 'absent', name: 'BullMQ', about: 'no Redis' }))
    expect(section).not.toContain('---')
    expect(section).toEndWith('Not on that machine, so not measured: BullMQ.')
  })

  test('says when it was measured, and where', () => {
    const { cpu, bun } = published.conditions
    const [first] = sectionOf(runOf()).split('\n')
    for (const known of ['2026-01-02', cpu, bun]) expect(first).toContain(known)
  })

  test('stands between its marks, and nothing else changes', () => {
    const page = 'a\n<!-- measured -->\nold\n<!-- /measured -->\nb\n'
    expect(withSection(page, 'new')).toBe('a\n<!-- measured -->\nnew\n<!-- /measured -->\nb\n')
    expect(() => withSection('a\n', 'new')).toThrow('Expected <!-- measured -->')
  })
})
