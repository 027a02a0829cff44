import type { Comparison } from './compare.ts'
import type { Conditions } from './conditions.ts'
import { digits, milliseconds, percent, short, whole } from './format.ts'
import type { Bounds, Delays, Measurement, Uses } from './measurement.ts'
import type { Run } from './report.ts'

/** The part of the README that says how fast Sheaf is, made of a run of the bench: of whatever it measured that has a target, and of every peer. */
export const sectionOf = ({ conditions, measurements }: Run): string => {
  return [
    introduction(conditions),
    tableOf(['work', 'Sheaf', 'its share of what it is measured against'], measurements.flatMap(limitRows)),
    tableOf(['work', 'elsewhere', '', 'Sheaf to it', 'what it does not do'], measurements.flatMap(peerRows)),
    tableOf(['time, memory, limits', ''], measurements.flatMap(otherRows)),
    missing(measurements),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

const marks = { start: '<!-- measured -->', end: '<!-- /measured -->' } as const

/** A page with a new text between its two marks. */
export const withSection = (page: string, section: string): string => {
  const start = page.indexOf(marks.start)
  const end = page.indexOf(marks.end)
  if (start < 0 || end < start) throw new Error(`Expected ${marks.start} and ${marks.end} in the page`)
  return `${page.slice(0, start)}${marks.start}\n${section}\n${page.slice(end)}`
}

const introduction = ({ at, quick, bun, system, cpu, cpus, memoryGiB, load, syncMs }: Conditions): string => {
  const machine = `${cpus} × ${cpu}, ${memoryGiB} GiB, ${system}, Bun ${bun}, load ${load.toFixed(1)} before`
  return [
    `Measured on ${at.slice(0, 10)}: ${machine}.${quick ? ' A quick run, and rough.' : ''}`,
    `Sheaf is one process on one SQLite file, as it is shipped: WAL, \`synchronous = FULL\` (a transaction of one row took ${milliseconds(syncMs)}), up to 256`,
    'tasks a commit, results kept. Everything ran on this machine, in turns; a rate is a median, a ratio that of neighbouring runs. Ratios can be compared',
    'with those of another day or machine, rates cannot. What is bare is the least that the same work can cost: the same SQL, call or route with nothing around it. Here is what Sheaf is held to; all that was measured is in',
    '[published.json](test/bench/published.json).',
  ].join('\n')
}

type Row = string[]

const tableOf = (heads: Row, rows: Row[]): string =>
  rows.length === 0 ? '' : [heads, heads.map(() => '---'), ...rows].map(lineOf).join('\n')

const lineOf = (cells: Row): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

/** A comparison with what it takes at least; none of one that is with others only. */
const limitRows = (measurement: Measurement): Row[] => {
  if (measurement.type !== 'comparison') return []
  const shares = against(measurement, false).map(({ name, ratio }) => `${digits(ratio)} of ${grouped(name)}`)
  return shares.length === 0 ? [] : [[titleOf(measurement), rateOf(measurement, 0), shares.join(', ')]]
}

const peerRows = (measurement: Measurement): Row[] => {
  if (measurement.type !== 'comparison') return []
  return against(measurement, true).map(({ name, ratio, index, lacks = '' }, nth): Row => {
    const work = nth === 0 ? measurement.name : ''
    return [work, name, rateOf(measurement, index), `${short(ratio)} ×`, lacks]
  })
}

/** Whom Sheaf was measured against: others who do such work, or the least that it can cost. */
const against = ({ contenders, ratios }: Comparison, isPeer: boolean) =>
  ratios.flatMap(({ to, ratio }) => {
    const index = contenders.findIndex(({ name }) => name === to)
    const { lacks, target } = contenders[index] ?? {}
    const isTold = isPeer ? lacks !== undefined : lacks === undefined && target !== undefined
    return isTold ? [{ name: to, ratio: ratio.median, index, lacks }] : []
  })

const rateOf = ({ contenders, unit }: Comparison, index: number): string =>
  `${whole(contenders[index]?.rate.median ?? Number.NaN)} ${unit}`

const otherRows = (measurement: Measurement): Row[] => {
  switch (measurement.type) {
    case 'delays':
      return delayRows(measurement)
    case 'uses':
      return useRows(measurement)
    case 'bounds':
      return boundRows(measurement)
    default:
      return []
  }
}

/** What is indented is what the one before is measured beside. */
const delayRows = ({ name, loads }: Delays): Row[] => {
  const rows: Row[] = []
  let isTold = false
  for (const { name: load, p50Ms, p99Ms, targetMs, targetP99Ms } of loads) {
    const times = `p50 ${milliseconds(p50Ms.median)}, p99 ${milliseconds(p99Ms.median)}`
    const last = rows.at(-1)
    const isBeside = load.startsWith(' ')
    if (!isBeside) isTold = (targetMs ?? targetP99Ms) !== undefined
    if (!isTold) continue
    if (isBeside && last) last[1] += `; ${load.trim()}: ${times}`
    else rows.push([`${name}: ${grouped(load)}`, times])
  }
  return rows
}

const useRows = ({ name, upstreams }: Uses): Row[] =>
  upstreams
    .filter(({ isHeld }) => isHeld)
    .map((upstream) => [
      `${name}: ${upstream.name}`,
      `${percent(upstream.share)} of what is allowed, ${percent(upstream.refused)} refused`,
    ])

const boundRows = ({ name, values }: Bounds): Row[] =>
  values
    .filter(({ most }) => most !== undefined)
    .map((bound) => [`${name}: ${grouped(bound.name)}`, `${short(bound.value.median)} ${bound.unit}`])

const missing = (measurements: readonly Measurement[]): string => {
  const names = measurements.flatMap(({ type, name }) => (type === 'absent' ? [name] : []))
  return names.length === 0 ? '' : `Not on that machine, so not measured: ${names.join(', ')}.`
}

/** What was measured, up to the conditions. */
const titleOf = ({ name, about }: Comparison): string => `${name}: ${grouped(about.split(';')[0] ?? '')}`

/** Large numbers in a text, readable. */
const grouped = (text: string): string => text.replace(/\b\d{5,}\b/g, (number) => whole(Number(number)))
