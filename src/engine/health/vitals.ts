import type { Clock } from '../../clock.ts'
import { Problem } from '../../job/errors.ts'
import { type FaultCode, faults, type WarningCode, warnings } from '../../job/faults.ts'
import type { Health } from '../engine.ts'
import type { EngineOptions } from '../options.ts'
import { toIso } from '../view.ts'

/** What lasts is logged at first, and again each time that this has passed, in milliseconds. */
export const repeatMs = 30_000

type Code = FaultCode | WarningCode

interface Standing {
  since: number
  /** How often it was met. */
  times: number
}

export interface Ailment<Of extends Code = Code> {
  code: Of
  reason: string
  /** Milliseconds since the epoch. */
  since: number
}

export interface VitalsOptions {
  clock: Pick<Clock, 'now' | 'elapsed'>
  log?: EngineOptions['log']
}

/**
 * What is wrong with this server, and since when: told by whoever meets it, heard by whoever takes jobs. A fault stops the
 * intake; a warning stops nothing.
 */
export class Vitals {
  readonly clock: VitalsOptions['clock']
  readonly #log: NonNullable<EngineOptions['log']>
  readonly #standing = new Map<Code, Standing>()
  /** When each was logged last: what comes and goes ten times a second is no news each time. */
  readonly #loggedAt = new Map<string, number>()
  /** Those whose end is to be logged, as their beginning was. */
  readonly #told = new Set<Code>()
  readonly #listeners = new Set<() => void>()

  constructor({ clock, log = () => {} }: VitalsOptions) {
    this.clock = clock
    this.#log = log
  }

  /** What stops the intake, that which has lasted longest. */
  get fault(): Ailment<FaultCode> | undefined {
    for (const [code, { since }] of this.#standing)
      if (isFault(code)) return { code, reason: faults[code].reason, since }
    return undefined
  }

  get warnings(): Ailment<WarningCode>[] {
    return [...this.#standing].flatMap(([code, { since }]) =>
      isFault(code) ? [] : [{ code, reason: warnings[code].reason, since }],
    )
  }

  /** Whether the database may be written; if not, to write to it could do harm. */
  get mayWrite(): boolean {
    for (const code of this.#standing.keys()) if (isFault(code) && !faults[code].tries) return false
    return true
  }

  has(code: Code): boolean {
    return this.#standing.has(code)
  }

  /** It is met, for the first time or again. */
  met(code: Code, fields: Record<string, unknown> = {}): void {
    const standing = this.#standing.get(code) ?? { since: this.clock.now(), times: 0 }
    standing.times += 1
    this.#standing.set(code, standing)
    if (!this.#isWorthALine(code)) return
    this.#told.add(code)
    const { reason, advice } = isFault(code) ? faults[code] : warnings[code]
    const lasting = standing.times > 1 && {
      forMs: this.clock.now() - standing.since,
      times: standing.times,
    }
    this.#log(isFault(code) ? 'error' : 'warn', reason, { code, advice, ...lasting, ...fields })
  }

  /** It is over; nothing is said of what was not there. */
  over(code: Code, fields: Record<string, unknown> = {}): void {
    const standing = this.#standing.get(code)
    if (standing === undefined) return
    this.#standing.delete(code)
    const { since, times } = standing
    if (this.#told.delete(code))
      this.#log('warn', `Over: ${wordsOf(code)}`, {
        code,
        afterMs: this.clock.now() - since,
        times,
        ...fields,
      })
    this.stir()
  }

  /** Has those look again who may find what they waited for: something is over, or it is much later than it was. */
  stir(): void {
    for (const listener of this.#listeners) listener()
  }

  /** A line of the log for what passes by itself, and may come a thousand times a second: the first, and one in 30 s. */
  note(message: string, fields: Record<string, unknown> = {}): void {
    if (this.#isWorthALine(message)) this.#log('warn', message, fields)
  }

  /** Whether jobs are taken; they are not while there is another reason. */
  health(otherwise?: string): Health {
    const { fault, warnings } = this
    if (fault) return { ok: false, ...fault }
    if (otherwise !== undefined) return { ok: false, reason: otherwise }
    return warnings.length > 0 ? { ok: true, warnings } : { ok: true }
  }

  onStir(listener: () => void): void {
    this.#listeners.add(listener)
  }

  #isWorthALine(what: string): boolean {
    const now = this.clock.elapsed()
    if (now - (this.#loggedAt.get(what) ?? Number.NEGATIVE_INFINITY) < repeatMs) return false
    this.#loggedAt.set(what, now)
    return true
  }
}

/** What a request is told that cannot be served meanwhile; of a fault that lasts, since when it does. */
export const refusalOf = (fault: Ailment<FaultCode> | FaultCode): Problem =>
  typeof fault === 'string'
    ? new Problem('unavailable', faults[fault].reason, { reason: fault })
    : new Problem('unavailable', fault.reason, { reason: fault.code, since: toIso(fault.since) })

const isFault = (code: Code): code is FaultCode => Object.hasOwn(faults, code)

const wordsOf = (code: Code): string => (isFault(code) ? faults[code] : warnings[code]).reason

/** What a request is refused with that comes too late. */
export const stopping = () =>
  new Problem('unavailable', 'The server is stopping. Try again at once, elsewhere or later.')
