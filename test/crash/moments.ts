import { type Failpoint, failpoints } from '../../src/failpoint.ts'
import type { Goal, Happening } from './pulse.ts'

/** When a server dies, or is looked at. */
export type Moment =
  /** When so large a share of the open tasks has ended (one at least), or when something else came first. */
  | { while: 'running'; by: Way; share: number; or?: Goal }
  | { while: 'starting'; by: 'kill'; knocks: number }
  /** When it passes a point of the commit path for the n-th time. */
  | { while: 'passing'; by: 'itself'; failpoint: Failpoint; times: number }

/**
 * `kill`: SIGKILL. `stop`: SIGTERM. `both`: SIGKILL after SIGTERM, while it stops. `freeze`: it does not die, but stands still while
 * its files are copied.
 */
type Way = 'kill' | 'stop' | 'both' | 'freeze'

/** Drawn before its place is known. */
type Plan = { by: Way; or?: Happening } | { failpoint: Failpoint }

const running: readonly Plan[] = [
  ...Array<Plan>(4).fill({ by: 'kill' }),
  ...Array<Plan>(3).fill({ by: 'kill', or: 'acknowledgement' }),
  ...Array<Plan>(3).fill({ by: 'kill', or: 'submission' }),
  { by: 'stop' },
  { by: 'stop', or: 'submission' },
  { by: 'both' },
  ...Array<Plan>(4).fill({ by: 'freeze' }),
  ...Array<Plan>(2).fill({ by: 'freeze', or: 'submission' }),
]

/** Passed while it starts: after a kill that left something to rescue. */
const first: Failpoint = 'rescue-half-done'

const plans = [...running, ...failpoints.filter((name) => name !== first).map((failpoint) => ({ failpoint }))]

/** How many SIGKILLs there are in a round at least: of `both`, the second may come too late. */
export const killsARound = plans.filter((plan) => !('by' in plan) || plan.by === 'kill').length + 3

/**
 * The ends of servers in a run: in each round some of each kind, in an order and at points that chance decides. Three more come right
 * upon another one: while the server starts, while it rescues, and at its first sign of life.
 */
export const drawMoments = (random: () => number, rounds: number): Moment[] => {
  const between = (least: number, most: number) => least + Math.floor(random() * (most - least + 1))

  const roundOf = (left: number): Moment[] => {
    const order = plans.map((plan) => ({ plan, at: random() })).sort((a, b) => a.at - b.at)
    const moments = order.map(({ plan }, i): Moment => {
      if ('failpoint' in plan) {
        // Late enough that what the last death left has ended: a task is rescued three times at most.
        const times = plan.failpoint.startsWith('attempt-') ? between(60, 180) : between(10, 30)
        return { while: 'passing', by: 'itself', failpoint: plan.failpoint, times }
      }
      // Divided so that the job lasts until the last kill, and is nearly done by then.
      const share = (0.5 + random()) / (left - i + 8)
      const or = plan.or && { or: { name: plan.or, count: between(3, 20) } }
      return { while: 'running', by: plan.by, share, ...or }
    })
    const afterKill = (at: number) => {
      const found = moments.findIndex(
        (moment, i) => i >= at && moment.while === 'running' && moment.by === 'kill',
      )
      return found + 1
    }
    moments.splice(between(15, 20), 0, { while: 'running', by: 'kill', share: 0 })
    moments.splice(afterKill(between(6, 10)), 0, {
      while: 'passing',
      by: 'itself',
      failpoint: first,
      times: 1,
    })
    moments.splice(between(1, 5), 0, { while: 'starting', by: 'kill', knocks: between(1, 30) })
    return moments
  }
  return Array.from({ length: rounds }, (_, i) => roundOf((rounds - i) * plans.length)).flat()
}
