import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Scope } from '../tokens.ts'
import { Refusal } from './problem.ts'

/** How long a ticket is valid, in milliseconds. */
export const ticketMs = 30_000
/** So many may be out at once, twice as many as sockets by default: whoever opens all of those at once waits for none. */
export const mostTickets = 20_000

interface Issued {
  scope: Scope
  endsAt: number
}

/**
 * One-time tickets, for what a browser opens without headers of its own. A ticket stands in a URL, so it is worth little: it is
 * valid once, for a moment, and kept by its hash, in memory alone. After a restart none is left, and clients ask for another.
 */
export class TicketOffice {
  /** By hash, the oldest first; they expire in that order. */
  #issued = new Map<string, Issued>()

  constructor(readonly clock: Clock) {}

  /** A ticket with the scope of whoever asks for it. Throws a Problem (`unavailable`) while too many are out. */
  issue(scope: Scope): { ticket: string; endsAt: number } {
    this.#forgetExpired()
    const [oldest] = this.#issued.values()
    if (oldest !== undefined && this.#issued.size >= mostTickets) throw this.#tooMany(oldest)
    const ticket = randomBytes(32).toString('base64url')
    const endsAt = this.clock.now() + ticketMs
    this.#issued.set(hashOf(ticket), { scope, endsAt })
    return { ticket, endsAt }
  }

  /** Takes a ticket in: the scope that it has, or undefined if it is none, was used, or is too old. */
  redeem(ticket: string): Scope | undefined {
    const hash = hashOf(ticket)
    const issued = this.#issued.get(hash)
    this.#issued.delete(hash)
    return issued && issued.endsAt > this.clock.now() ? issued.scope : undefined
  }

  #forgetExpired(): void {
    const now = this.clock.now()
    for (const [hash, { endsAt }] of this.#issued) {
      if (endsAt > now) return
      this.#issued.delete(hash)
    }
  }

  #tooMany({ endsAt }: Issued): Refusal {
    const seconds = Math.ceil((endsAt - this.clock.now()) / 1000)
    return new Refusal('unavailable', `Expected at most ${mostTickets} tickets that wait to be used.`, {
      'retry-after': String(seconds),
    })
  }
}

/** A ticket has 256 random bits, so its hash tells nothing of it, and to look it up by its hash takes no care about time. */
const hashOf = (ticket: string): string => createHash('sha256').update(ticket).digest('base64')
