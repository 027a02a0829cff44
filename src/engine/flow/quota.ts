import type { Rate } from '../../job/queues.ts'
import type { UpstreamNews } from '../../kinds/kind.ts'
import { RateLog } from './rate.ts'
import { longestPauseMs } from './throttle.ts'

/** A part of what an upstream says of its quota: how much it allows, in what time, and how much of it is left. */
export type Told = NonNullable<UpstreamNews['quota']>

/** What is known of a quota, as it is shown. */
export interface KnownQuota {
  limit: number
  perMs: number | undefined
  remaining: number
  resetAt: number | undefined
}

/** How many policies of one upstream are held at once; more than a few nobody has. */
const mostPolicies = 4
/** What was learned is forgotten so many windows after it was last heard … */
const windowsKept = 10
/** … but not sooner than this, in milliseconds. */
const leastKeptMs = 60_000
/** A reset "in 0 seconds" was rounded down from less than this. */
const roundedMs = 1_000

/** A limit and its window, as the upstream states them. */
interface Policy {
  told: Rate
  log: RateLog
  heardAt: number
}

/** What is left until a reset. */
interface Budget {
  limit: number | undefined
  left: number
  /** When the window ends, as the first response of it said; undefined after that, until a response tells the next. */
  endsAt: number | undefined
  /** When it ends at the latest: times are told in whole seconds, and so differ from one response to the next. */
  resetAt: number | undefined
  forgetAt: number
}

/** What is kept of a quota across a restart. */
export interface KeptQuota {
  policies: Rate[]
  /** A budget that was used up. */
  spent: { limit: number | null; resetAt: number } | undefined
}

/**
 * What a queue learns of its upstream's quota from the responses, and holds for all jobs.
 *
 * A policy with a window (`RateLimit-Policy`) is held exactly, as a rate; the window is taken for 1 % longer, 2 ms at least, because requests
 * that start at equal distances arrive at unequal ones. Several policies with different windows are held together. Where only a
 * rest and its reset are told (`X-RateLimit-Remaining`, `-Reset`), as many may start until the reset as are left, less those that are under
 * way, as the rest may not count them yet; after the reset, the whole limit again, until a response says otherwise.
 */
export class Quota {
  #policies = new Map<number, Policy>()
  #budget: Budget | undefined

  /** Takes note of a response, while `running` tasks run. Returns whether that is worth keeping across a restart. */
  heard(told: Told, running: number, now: number): boolean {
    const { limit, perMs, remaining, resetMs } = told
    if (limit !== undefined && limit < 1) return false
    if (limit !== undefined && perMs !== undefined) {
      const isNew = this.#holdPolicy({ limit, perMs }, told, running, now)
      if (!this.#isSpentByOthers(perMs, remaining, now)) return isNew
    }
    return (
      remaining !== undefined && resetMs !== undefined && this.#holdBudget({ limit, remaining, resetMs }, now)
    )
  }

  /** Takes over what was kept before a restart. Of a short window all is taken to be used up; of a long one, nothing is known. */
  resume({ policies, spent }: KeptQuota, now: number): void {
    for (const told of policies) {
      const policy = this.#learn(told, now)
      if (told.perMs <= leastKeptMs) policy?.log.add(now, told.limit)
    }
    if (spent === undefined || spent.resetAt <= now) return
    this.#holdBudget({ limit: spent.limit ?? undefined, remaining: 0, resetMs: spent.resetAt - now }, now)
  }

  get kept(): KeptQuota {
    const { limit, left = 1, resetAt } = this.#budget ?? {}
    return {
      policies: [...this.#policies.values()].map(({ told }) => told),
      spent: left <= 0 && resetAt !== undefined ? { limit: limit ?? null, resetAt } : undefined,
    }
  }

  /** How many more tasks may be claimed, of a queue in which `running` run and `atHand` were claimed besides. */
  room(now: number, running: number, atHand: number): number {
    const budget = this.#current(now)
    let room = budget === undefined ? Number.POSITIVE_INFINITY : budget.left - running - atHand
    for (const { log } of this.#policies.values()) room = Math.min(room, log.room(now) - atHand)
    return Math.max(0, room)
  }

  /** When there is room again; undefined when that depends on what runs. */
  nextRoomAt(now: number, running: number, atHand: number): number | undefined {
    const budget = this.#current(now)
    let at = now
    if (budget && budget.left <= running + atHand) at = budget.resetAt ?? now
    for (const { log } of this.#policies.values()) at = Math.max(at, log.nextRoomAt(now) ?? now)
    return at > now ? at : undefined
  }

  /** A task has started. */
  started(now: number): void {
    for (const { log } of this.#policies.values()) log.add(now, 1)
  }

  /** Forgets what was not heard of for long; returns whether anything is left. */
  forget(now: number): boolean {
    for (const [perMs, { heardAt }] of this.#policies)
      if (now >= heardAt + Math.max(leastKeptMs, windowsKept * perMs)) this.#policies.delete(perMs)
    if (this.#budget && now >= this.#budget.forgetAt) this.#budget = undefined
    return this.#policies.size > 0 || this.#budget !== undefined
  }

  /** The tightest of what is known; undefined when that is nothing. */
  known(now: number, running: number, atHand: number): KnownQuota | undefined {
    const budget = this.#current(now)
    let tightest: KnownQuota | undefined
    if (budget) {
      const remaining = Math.max(0, budget.left - running - atHand)
      tightest = { limit: budget.limit ?? budget.left, perMs: undefined, remaining, resetAt: budget.resetAt }
    }
    for (const { told, log } of this.#policies.values()) {
      const remaining = Math.max(0, log.room(now) - atHand)
      if (tightest && tightest.remaining <= remaining) continue
      const resetAt = remaining === 0 ? log.nextRoomAt(now) : undefined
      tightest = { limit: told.limit, perMs: told.perMs, remaining, resetAt }
    }
    return tightest
  }

  #holdPolicy(told: Rate, { remaining, resetMs }: Told, running: number, now: number): boolean {
    const policy = this.#policies.get(told.perMs)
    if (policy) {
      policy.heardAt = now
      if (policy.told.limit === told.limit) return false
      policy.told = told
      policy.log.retune(padded(told))
      return true
    }
    const learned = this.#learn(told, now)
    if (learned === undefined) return false
    // What started before is not in the log: what runs is, and what the upstream has counted, which leaves at its reset.
    const { limit, perMs } = told
    const recent = Math.min(running, limit)
    const used = Math.min(limit, limit - (remaining ?? limit))
    learned.log.add(now, recent)
    learned.log.add(now - perMs + Math.min(perMs, resetMs ?? perMs), used - recent)
    return true
  }

  #learn(told: Rate, now: number): Policy | undefined {
    this.forget(now)
    if (this.#policies.size >= mostPolicies) return undefined
    const policy = { told, log: new RateLog(padded(told)), heardAt: now }
    this.#policies.set(told.perMs, policy)
    return policy
  }

  /** Nothing is left of a policy of which this queue has used less than half: others use it too, and only its reset helps. */
  #isSpentByOthers(perMs: number, remaining: number | undefined, now: number): boolean {
    const log = this.#policies.get(perMs)?.log
    return remaining === 0 && log !== undefined && log.counted(now) < log.rate.limit / 2
  }

  /** Returns whether it is used up, and was not before. */
  #holdBudget({ limit, remaining, resetMs }: Rest, now: number): boolean {
    const before = this.#current(now)
    const lastsMs = Math.min(resetMs > 0 ? resetMs : roundedMs, longestPauseMs)
    const endsAt = now + lastsMs
    const kept = now + Math.max(leastKeptMs, windowsKept * lastsMs)
    const budget = { limit: limit ?? before?.limit, forgetAt: Math.max(kept, before?.forgetAt ?? 0) }
    if (before?.endsAt !== undefined && before.resetAt !== undefined) {
      // Responses overtake each other: of those of one window, the one with the smallest rest is the latest.
      const left = Math.min(before.left, remaining)
      const isSame = Math.abs(endsAt - before.endsAt) <= roundedMs
      if (isSame || (before.left <= 0 && endsAt < before.endsAt)) {
        const resetAt = isSame ? Math.max(before.resetAt, endsAt) : before.resetAt
        this.#budget = { ...budget, left, endsAt: before.endsAt, resetAt }
        return left <= 0 && before.left > 0
      }
    }
    this.#budget = { ...budget, left: remaining, endsAt, resetAt: endsAt }
    return remaining <= 0
  }

  /** The budget as it stands: after its reset it is whole again. */
  #current(now: number): Budget | undefined {
    const budget = this.#budget
    if (budget?.resetAt === undefined || now < budget.resetAt) return budget
    // Without a limit, nothing is known of the next window but that there is one.
    this.#budget =
      budget.limit === undefined
        ? undefined
        : { ...budget, left: budget.limit, endsAt: undefined, resetAt: undefined }
    return this.#budget
  }
}

interface Rest {
  limit: number | undefined
  remaining: number
  resetMs: number
}

const padded = ({ limit, perMs }: Rate): Rate => ({
  limit,
  perMs: perMs + Math.max(2, Math.ceil(perMs / 100)),
})
