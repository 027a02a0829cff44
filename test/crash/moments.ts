import type { Goal, Happening } from './pulse.ts'

/** When to kill. */
export type Moment =
  /** When so large a share of the open tasks has ended (one at least), or when something else came first. */
  { while: 'running'; share: number; or?: Goal } | { while: 'starting'; knocks: number }

const kinds: readonly Happening[] = [
  ...Array<Happening>(4).fill('end'),
  ...Array<Happening>(3).fill('acknowledgement'),
  ...Array<Happening>(3).fill('submission'),
]

/**
 * The kills of a run: some of each kind, in an order and at points that chance decides. Two more come right upon another
 * one, while the server starts and at its first sign of life; never three in a row without work done in between.
 */
export const drawMoments = (random: () => number): Moment[] => {
  const between = (least: number, most: number) => least + Math.floor(random() * (most - least + 1))
  const order = kinds.map((name) => ({ name, at: random() })).sort((a, b) => a.at - b.at)
  const moments = order.map(({ name }, i): Moment => {
    // Divided so that the job lasts until the last kill, and is nearly done by then.
    const share = (0.5 + random()) / (order.length - i + 2)
    if (name === 'end') return { while: 'running', share }
    return { while: 'running', share, or: { name, count: between(3, 20) } }
  })
  moments.splice(between(6, 10), 0, { while: 'running', share: 0 })
  moments.splice(between(1, 5), 0, { while: 'starting', knocks: between(1, 30) })
  return moments
}
