import type { Comparison } from './compare.ts'
import type { Spread } from './statistics.ts'

/** How long something takes at a steady load. */
export interface Delays {
  type: 'delays'
  name: string
  about: string
  loads: { name: string; rate: Spread; p50Ms: Spread; p99Ms: Spread; mostMs: Spread }[]
}

export type Measurement = Comparison | Delays

/** How large and how often: as shipped, or quick. */
export interface Size {
  rounds: number
  noOps: number
  httpTasks: number
  /** How long a load of requests lasts. */
  loadMs: number
  /** How long a steady load of tasks lasts. */
  steadyMs: number
}

export const sizes = {
  whole: { rounds: 7, noOps: 100_000, httpTasks: 50_000, loadMs: 3_000, steadyMs: 8_000 },
  quick: { rounds: 3, noOps: 30_000, httpTasks: 10_000, loadMs: 500, steadyMs: 2_000 },
} as const satisfies Record<string, Size>

export interface Measure {
  name: string
  run(size: Size): Promise<Measurement[]>
}
