import { stride } from './books.ts'
import type { Lane } from './lanes.ts'

interface Bidder {
  lane: Lane
  /** The priority of its job. */
  priority: number
  /** How many tasks its job may claim. */
  room: number
}

interface Bid extends Bidder {
  pass: number
  granted: number
}

/**
 * Shares the room of a queue among lanes that wait for it, one task at a time: the lane that has come least far is next, and moves on by
 * its priority (stride scheduling). Returns what each of them may claim.
 */
export const shareRoom = (bidders: readonly Bidder[], room: number): ReadonlyMap<Lane, number> => {
  const bids: Bid[] = bidders.map((bidder) => ({ ...bidder, pass: bidder.lane.pass, granted: 0 }))
  let open = bids.filter((bid) => bid.room > 0)
  for (let left = room; left > 0 && open.length > 0; left -= 1) {
    const next = open.reduce((least, bid) => (bid.pass < least.pass ? bid : least))
    next.granted += 1
    next.pass += stride / next.priority
    if (next.granted === next.room) open = open.filter((bid) => bid !== next)
  }
  return new Map(bids.map(({ lane, granted }) => [lane, granted]))
}
