import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Comparison, Sample } from './compare.ts'
import type { Conditions } from './conditions.ts'
import { digits, milliseconds, percent, range, short, whole } from './format.ts'
import type { Bounds, Delays, Measurement, Uses } from './measurement.ts'
import { results } from './rig/folder.ts'
import { spreadOf } from './statistics.ts'

/** All that a run of the bench found out. */
export interface Run {
  conditions: Conditions
  /** Seconds that each measure took, with what it starts and stops. */
  took: Record<string, number>
  measurements: readonly Measurement[]
}

/** Writes everything that was measured, every sample of it; returns the file's name. */
export const write = async (run: Run): Promise<string> => {
  await mkdir(results, { recursive: true })
  const file = join(results, `${run.conditions.at.replaceAll(':', '-').slice(0, 19)}.json`)
  await Bun.write(file, `${JSON.stringify(run, null, 2)}\n`)
  return file
}

/** What the bench itself took, in all and for each measure. */
export const timesOf = ({ took }: Run): string => {
  const all = Object.values(took).reduce((sum, seconds) => sum + seconds, 0)
  const each = Object.entries(took).map(([name, seconds]) => `${name} ${whole(seconds)} s`)
  return `${whole(all)} s: ${each.join(', ')}`
}

export const headline = ({ bun, system, cpu, cpus, memoryGiB, load, syncMs, quick }: Conditions): string =>
  [
    `Bun ${bun} · ${system} · ${cpus} × ${cpu} · ${memoryGiB} GiB · load ${load.toFixed(2)}`,
    `SQLite: WAL, synchronous = FULL; a transaction of one row takes ${milliseconds(syncMs)}`,
    `Alternating runs; median, then least–most. A ratio is of two neighbouring runs.${quick ? ' QUICK: few and short runs.' : ''}`,
  ].join('\n')

/** One table of all measurements. */
export const table = (measurements: readonly Measurement[]): string => {
  const rows = measurements.flatMap(rowsOf)
  return layOut([['', 'rate', '', 'ratio', '', 'target', 'p50', 'p99', 'most'], ...rows])
}

const rowsOf = (measurement: Measurement): Row[] => {
  switch (measurement.type) {
    case 'comparison':
      return comparisonRows(measurement)
    case 'delays':
      return delayRows(measurement)
    case 'uses':
      return useRows(measurement)
    case 'bounds':
      return boundRows(measurement)
    case 'absent':
      return [[`${measurement.name}: ${measurement.about}`]]
    default:
      return measurement satisfies never
  }
}

const comparisonRows = ({ name, about, unit, contenders, ratios }: Comparison): Row[] => [
  [`${name}: ${about}`],
  ...contenders.map(({ name, target, rate, samples }, i): Row => {
    const ratio = ratios[i - 1]?.ratio
    return [
      `  ${name}`,
      `${whole(rate.median)} ${unit}`,
      range(rate, whole),
      ratio ? digits(ratio.median) : '',
      ratio ? range(ratio, digits) : '',
      ratio && target !== undefined ? `≥ ${target}` : '',
      detail(samples, 'p50Ms'),
      detail(samples, 'p99Ms'),
    ]
  }),
  ...contenders.flatMap(({ name, lacks }): Row[] => (lacks === undefined ? [] : [[`  ${name}: ${lacks}`]])),
]

const detail = (samples: readonly Sample[], name: string): string => {
  const values = samples.flatMap((sample) => sample[name] ?? [])
  return values.length === 0 ? '' : milliseconds(spreadOf(values).median)
}

const delayRows = ({ name, about, loads }: Delays): Row[] => [
  [`${name}: ${about}`],
  ...loads.map((load): Row => {
    const times = [load.p50Ms, load.p99Ms, load.mostMs].map(({ median }) => milliseconds(median))
    return [
      `  ${load.name}`,
      load.rate ? `${whole(load.rate.median)} tasks/s` : '',
      load.rate ? range(load.rate, whole) : '',
      '',
      '',
      targetOf(load),
      ...times,
    ]
  }),
]

const targetOf = ({ targetMs, targetP99Ms }: Delays['loads'][number]): string => {
  if (targetMs !== undefined) return `p50 ≤ ${milliseconds(targetMs)}`
  return targetP99Ms === undefined ? '' : `p99 ≤ ${milliseconds(targetP99Ms)}`
}

const useRows = ({ name, about, target, upstreams }: Uses): Row[] => [
  [`${name}: ${about}`],
  ...upstreams.map((upstream): Row => {
    const { leastShare, mostRefused } = target
    return [
      `  ${upstream.name}: ${percent(upstream.refused)} refused`,
      `${whole(upstream.rate)} tasks/s`,
      '',
      digits(upstream.share),
      '',
      upstream.isHeld ? `≥ ${leastShare}, < ${percent(mostRefused)}` : '',
      '',
      '',
      '',
    ]
  }),
]

const boundRows = ({ name, about, values }: Bounds): Row[] => [
  [`${name}: ${about}`],
  ...values.map(({ name, unit, value, most }): Row => {
    const target = most === undefined ? '' : `≤ ${whole(most)} ${unit}`
    return [`  ${name}`, `${short(value.median)} ${unit}`, range(value, short), '', '', target, '', '', '']
  }),
]

type Row = string[]

/** Columns as wide as their widest cell; a row of one cell runs across, as a heading unless it is indented. */
const layOut = (rows: Row[]): string => {
  const cells = rows.filter((row) => row.length > 1)
  const widths = Array.from({ length: 9 }, (_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)))
  return rows
    .map((row) => {
      if (row.length === 1) return row[0]?.startsWith(' ') ? row[0] : `\n${row[0]}`
      return row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  ')
    })
    .map((line) => line.trimEnd())
    .join('\n')
}
