/** What was read of one metric. */
export interface Metric {
  type: string
  help: string
  samples: Sample[]
}

export interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}

/**
 * Reads the text format of Prometheus, version 0.0.4, and throws where it is not kept to the letter: what a lenient
 * reader makes something of, another refuses together with all that comes with it.
 */
export class Exposition {
  readonly metrics = new Map<string, Metric>()

  constructor(text: string) {
    if (!text.endsWith('\n')) throw new Error('The last line has no end')
    const seen = new Set<string>()
    let current: [name: string, metric: Metric] | undefined
    for (const line of text.slice(0, -1).split('\n')) {
      const help = /^# HELP ([a-zA-Z_:][\w:]*) ((?:[^\\]|\\[\\n])+)$/.exec(line)
      const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram)$/.exec(line)
      if (help) current = this.#begin(help[1] ?? '', help[2] ?? '')
      else if (current === undefined) throw new Error(`Out of place: ${line}`)
      else if (type && current[0] === type[1] && current[1].type === '') current[1].type = type[2] ?? ''
      else if (current[1].type === '') throw new Error(`Before its type: ${line}`)
      else current[1].samples.push(sampleOf(line, current[0], current[1].type, seen))
    }
    for (const [name, metric] of this.metrics) check(name, metric)
  }

  /** The value of one series, by its name and some or all of its labels. Throws unless there is exactly one. */
  value(name: string, labels: Record<string, string> = {}): number {
    const found = this.all(name, labels)
    const [sample] = found
    if (found.length !== 1 || sample === undefined)
      throw new Error(`Expected one ${name} of ${JSON.stringify(labels)}, got ${found.length}`)
    return sample.value
  }

  all(name: string, labels: Record<string, string> = {}): Sample[] {
    const samples = [...this.metrics.values()].flatMap((metric) => metric.samples)
    const fits = (own: Record<string, string>) => Object.entries(labels).every(([key, of]) => own[key] === of)
    return samples.filter((sample) => sample.name === name && fits(sample.labels))
  }

  #begin(name: string, help: string): [string, Metric] {
    if (this.metrics.has(name)) throw new Error(`There is a second ${name}`)
    const metric: Metric = { type: '', help, samples: [] }
    this.metrics.set(name, metric)
    return [name, metric]
  }
}

const number = String.raw`[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN`
const label = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*"`
const line = new RegExp(`^([a-zA-Z_:][\\w:]*)(?:\\{(${label}(?:,${label})*)\\})? (${number})$`)

const sampleOf = (text: string, family: string, type: string, seen: Set<string>): Sample => {
  const [, name = '', pairs = '', value = ''] = line.exec(text) ?? []
  const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
  if (!suffixes.some((suffix) => name === family + suffix)) throw new Error(`No sample of ${family}: ${text}`)
  const labels: Record<string, string> = {}
  for (const [, key = '', of = ''] of pairs.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
    if (Object.hasOwn(labels, key)) throw new Error(`${key} is there twice: ${text}`)
    labels[key] = of.replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped))
  }
  const series = name + JSON.stringify(Object.entries(labels).sort())
  if (seen.has(series)) throw new Error(`There is a second ${series}`)
  seen.add(series)
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) }
}

const check = (name: string, { type, samples }: Metric): void => {
  if (samples.length === 0) throw new Error(`${name} has no samples`)
  if (type === 'counter' && !name.endsWith('_total')) throw new Error(`${name} is a counter`)
  if (type !== 'gauge' && samples.some(({ value }) => !(value >= 0))) throw new Error(`${name} is below 0`)
  if (type === 'histogram') checkHistogram(name, samples)
}

/** Of each set of labels: buckets whose bounds and counts rise, the last of them with all there is. */
const checkHistogram = (name: string, samples: readonly Sample[]): void => {
  const keyOf = ({ labels: { le: _, ...labels } }: Sample) => JSON.stringify(labels)
  for (const group of Map.groupBy(samples, keyOf).values()) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`)
    const bounds = buckets.map(({ labels }) => Number(labels.le?.replace('Inf', 'Infinity')))
    const counts = buckets.map(({ value }) => value)
    const [total, ...others] = group.filter((sample) => sample.name === `${name}_count`)
    const sums = group.filter((sample) => sample.name === `${name}_sum`)
    if (!rises(bounds) || bounds.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`${name}: bounds`)
    if (counts.some((count, i) => count < (counts[i - 1] ?? 0))) throw new Error(`${name}: counts`)
    if (total?.value !== counts.at(-1) || others.length > 0 || sums.length !== 1)
      throw new Error(`${name}: total`)
  }
}

const rises = (numbers: readonly number[]) =>
  numbers.every((number, i) => number > (numbers[i - 1] ?? Number.NEGATIVE_INFINITY))
