import type { Comparison } from './compare.ts'
import type { Spread } from './statistics.ts'

/** How long something takes at a steady load. */
export interface Delays {
  type: 'delays'
  name: string
  about: string
  loads: {
    name: string
    /** Tasks a second, if it is one that goes on. */
    rate?: Spread
    p50Ms: Spread
    p99Ms: Spread
    mostMs: Spread
    /** What the median is to be at most, if there is something to hold it to. */
    targetMs?: number
    /** The same of the 99th percentile. */
    targetP99Ms?: number
  }[]
}

/** How a limit is kept that is another's: how much of it is made use of, and how much is asked for in vain. */
export interface Uses {
  type: 'uses'
  name: string
  about: string
  target: { leastShare: number; mostRefused: number }
  upstreams: {
    name: string
    rate: number
    /** Of what is allowed. */
    share: number
    /** Of the requests after the first second. */
    refused: number
    /** Whether the target is for it. */
    isHeld: boolean
  }[]
}

/** What is to stay within a bound: memory, time until it serves. */
export interface Bounds {
  type: 'bounds'
  name: string
  about: string
  values: {
    name: string
    unit: string
    value: Spread
    /** What it is to be at most, if there is something to hold it to. */
    most?: number
    samples: number[]
  }[]
}

/** What could not be measured, and what it takes. */
export interface Absent {
  type: 'absent'
  name: string
  about: string
}

export type Measurement = Comparison | Delays | Uses | Bounds | Absent

/** How large and how often: as shipped, or quick. */
export interface Size {
  rounds: number
  noOps: number
  httpTasks: number
  /** How long a load of requests lasts. */
  loadMs: number
  /** How long a steady load of tasks lasts. */
  steadyMs: number
  /** How many requests an upstream of 50 a second is asked for. */
  limited: number
  /** How many ends of tasks are told, over all subscribers. */
  streamed: number
  /** How many tasks a subscriber is told of that hardly reads. */
  slowTasks: number
  /** How many tasks wait while others have their turn. */
  crowd: number
  /** How many tasks a job has that is submitted. */
  submitted: number
  /** How many subscribers look on while nothing happens. */
  watching: number
  /** How many jobs are open beside one that runs. */
  openJobs: number
  /** How many tasks of a file have ended before others run. */
  ended: number
}

export const sizes = {
  whole: {
    rounds: 5,
    noOps: 100_000,
    httpTasks: 30_000,
    loadMs: 750,
    steadyMs: 3_000,
    limited: 1_000,
    streamed: 600_000,
    slowTasks: 100_000,
    crowd: 1_000_000,
    submitted: 1_000_000,
    watching: 5_000,
    openJobs: 10_000,
    ended: 10_000_000,
  },
  quick: {
    rounds: 2,
    noOps: 15_000,
    httpTasks: 6_000,
    loadMs: 100,
    steadyMs: 500,
    limited: 100,
    streamed: 30_000,
    slowTasks: 20_000,
    crowd: 20_000,
    submitted: 50_000,
    watching: 500,
    openJobs: 300,
    ended: 50_000,
  },
} as const satisfies Record<string, Size>

export interface Measure {
  name: string
  run(size: Size): Promise<Measurement[]>
}
