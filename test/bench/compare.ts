import { type Spread, spreadOf } from './statistics.ts'

/** What one run of a contender gave: a rate, and what else there is to know (latencies). */
export interface Sample {
  rate: number
  [detail: string]: number
}

/** Who is measured: Sheaf first, then what it is measured against. */
export interface Contender {
  name: string
  /** What it does, and how: shown in the report. */
  about: string
  /** The share of its rate that Sheaf is to reach: what it is measured against, only. */
  target?: number | undefined
  /** What Sheaf does and it does not, if it is something else to use, and not the least that the work can cost. */
  lacks?: string
  run(): Promise<Sample>
}

export interface Comparison {
  type: 'comparison'
  name: string
  unit: string
  about: string
  contenders: (Omit<Contender, 'run'> & { rate: Spread; samples: Sample[] })[]
  /** Of the first contender to each of the others; each value is of two runs, one right after the other. */
  ratios: { to: string; ratio: Spread; values: number[] }[]
}

/** What is to be compared, and by what name. */
export interface Plan {
  name: string
  unit: string
  about: string
  contenders: readonly [Contender, ...Contender[]]
}

/**
 * Runs the contenders in turns, the order reversed each time, so that whatever else the machine does in the meantime is
 * shared fairly. The first round warms up, and does not count.
 */
export const compare = async (plan: Plan, rounds: number): Promise<Comparison> => {
  const samples = plan.contenders.map((): Sample[] => [])
  for (let round = 0; round <= rounds; round++) {
    const order = [...plan.contenders.entries()]
    for (const [i, contender] of round % 2 === 0 ? order : order.reverse()) {
      const sample = await contender.run()
      if (round > 0) samples[i]?.push(sample)
    }
  }
  const [own = [], ...others] = samples
  return {
    type: 'comparison',
    name: plan.name,
    unit: plan.unit,
    about: plan.about,
    contenders: plan.contenders.map(({ run, ...contender }, i) => ({
      ...contender,
      rate: spreadOf((samples[i] ?? []).map(({ rate }) => rate)),
      samples: samples[i] ?? [],
    })),
    ratios: others.map((theirs, i) => {
      const values = own.map(({ rate }, round) => rate / (theirs[round]?.rate ?? Number.NaN))
      return { to: plan.contenders[i + 1]?.name ?? '', ratio: spreadOf(values), values }
    }),
  }
}
