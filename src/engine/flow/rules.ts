import {
  applying,
  comparePatterns,
  type EffectiveLimits,
  inherit,
  isPattern,
  type Limits,
  matches,
  type NamedLimits,
} from '../../job/queues.ts'
import type { LimitsRecord } from '../../store/flow.ts'

const unlimited: EffectiveLimits = {}

/** What was set for queues and patterns, and what holds for a queue because of it. */
export class Rules {
  #records = new Map<string, LimitsRecord>()
  /** The most specific first. */
  #patterns: LimitsRecord[] = []
  readonly #defaults: readonly NamedLimits[]

  constructor(defaults: Readonly<Record<string, Limits>>) {
    this.#defaults = Object.entries(defaults).map(([name, limits]) => ({ name, limits }))
  }

  /** Whether no queue has any limit. */
  get isEmpty(): boolean {
    return this.#records.size === 0 && this.#defaults.length === 0
  }

  /** Sets what holds for a queue or a pattern, or removes it. */
  set(name: string, record: LimitsRecord | undefined): void {
    if (record === undefined) this.#records.delete(name)
    else this.#records.set(name, record)
    if (!isPattern(name)) return
    this.#patterns = [...this.#records.values()]
      .filter((rule) => isPattern(rule.name))
      .sort((a, b) => comparePatterns(a.name, b.name))
  }

  own(name: string): Limits | undefined {
    return this.#records.get(name)?.limits
  }

  names(): IterableIterator<string> {
    return this.#records.keys()
  }

  /** What holds for a queue, with what it inherits. */
  resolve(name: string): EffectiveLimits {
    if (this.isEmpty) return unlimited
    const layers = [...this.#applying(name), ...applying(this.#defaults, name)]
    return layers.length === 0 ? unlimited : inherit(layers.map(({ limits }) => limits))
  }

  /** Since when the queue is paused, if it is and that is known. */
  pausedAt(name: string): number | undefined {
    const rule = this.#applying(name).find(({ limits }) => limits.paused !== undefined)
    return rule?.limits.paused ? rule.pausedAt : undefined
  }

  #applying(name: string): LimitsRecord[] {
    const own = this.#records.get(name)
    const patterns = this.#patterns.filter((rule) => rule !== own && matches(rule.name, name))
    return own ? [own, ...patterns] : patterns
  }
}
