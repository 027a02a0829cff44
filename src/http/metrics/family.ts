import type { Census } from '../../engine/census.ts'
import type { Health, Occupancy } from '../../engine/engine.ts'
import type { Histogram } from '../../engine/tally/histogram.ts'
import type { Tally } from '../../engine/tally/tally.ts'
import type { Condition } from '../../store/store.ts'
import type { Streams } from '../streams.ts'
import type { ProcessUsage } from './process.ts'
import type { RequestTally } from './requests.ts'

/** What one scrape tells of. What could not be read is left out of it. */
export interface Scrape {
  tally: Tally
  occupancy: Occupancy
  health: Health
  streams: Pick<Streams, 'open'>
  requests: Pick<RequestTally, 'read'>
  usage: ProcessUsage
  census: Census | undefined
  /** Undefined where there are no files, too. */
  files: Condition | undefined
}

/** The values of a family's labels, in their order, and what is measured for these. */
export type Reading<Value> = readonly [labels: readonly string[], value: Value]

interface Described {
  name: string
  help: string
  /** What its values are told apart by. Default: there is one value. */
  labels?: readonly string[]
}

/** A metric under one name. It is read when somebody asks. */
export type Family = Described &
  (
    | { type: 'counter' | 'gauge'; read(scrape: Scrape): Iterable<Reading<number>> }
    /** `unit` is how many of what was counted make one of what is told: 1,000 milliseconds. */
    | { type: 'histogram'; unit: number; read(scrape: Scrape): Iterable<Reading<Histogram>> }
  )

/** The one value of a family without labels; none if it could not be read. */
export const one = (value: number | undefined): Reading<number>[] =>
  value === undefined ? [] : [[[], value]]

/** A value for each key of an object, which is its last label. */
export const each = (values: Readonly<Record<string, number>>, ...before: string[]): Reading<number>[] =>
  Object.entries(values).map(([key, value]) => [[...before, key], value])

/** 1 for each of the names that stand, 0 for the others. */
export const flags = (names: readonly string[], standing: readonly unknown[]): Record<string, number> =>
  Object.fromEntries(names.map((name) => [name, Number(standing.includes(name))]))
