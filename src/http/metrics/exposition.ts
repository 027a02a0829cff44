import type { Histogram } from '../../engine/tally/histogram.ts'
import type { Family, Scrape } from './family.ts'

export const contentType = 'text/plain; version=0.0.4; charset=utf-8'

/** What is read in Prometheus's text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */
export const expose = (families: readonly Family[], scrape: Scrape): string =>
  families.flatMap((family) => linesOf(family, scrape)).join('')

const linesOf = (family: Family, scrape: Scrape): string[] => {
  const { name, help, type } = family
  const samples = samplesOf(family, scrape)
  if (samples.length === 0) return []
  return [`# HELP ${name} ${escaped(help)}\n`, `# TYPE ${name} ${type}\n`, ...samples]
}

const samplesOf = (family: Family, scrape: Scrape): string[] => {
  const { name, labels: names = [] } = family
  if (family.type !== 'histogram')
    return [...family.read(scrape)].map(([values, value]) => lineOf(name, pairsOf(names, values), value))
  return [...family.read(scrape)].flatMap(([values, histogram]) =>
    distributionOf(name, pairsOf(names, values), histogram, family.unit),
  )
}

/** Buckets count up: each has all that is at most its bound. */
const distributionOf = (name: string, pairs: readonly string[], histogram: Histogram, unit: number) => {
  const { bounds, counts, sum } = histogram
  let count = 0
  const buckets = Array.from(counts, (more, i) => {
    count += more
    const bound = bounds[i]
    const le = bound === undefined ? '+Inf' : String(bound / unit)
    return lineOf(`${name}_bucket`, [...pairs, `le="${le}"`], count)
  })
  return [...buckets, lineOf(`${name}_sum`, pairs, sum / unit), lineOf(`${name}_count`, pairs, count)]
}

const lineOf = (name: string, pairs: readonly string[], value: number): string =>
  `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`

const pairsOf = (names: readonly string[], values: readonly string[]): string[] =>
  names.map((name, i) => `${name}="${escaped(values[i] ?? '').replaceAll('"', '\\"')}"`)

/** Half of a surrogate pair, which a name of a queue may have, is nothing that UTF-8 can say. */
const escaped = (text: string): string => text.toWellFormed().replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
