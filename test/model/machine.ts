import { Type } from '@sinclair/typebox'
import type { Clock } from '../../src/clock.ts'
import { createEngine } from '../../src/engine/create.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { Kind, RunContext, RunResult } from '../../src/kinds/kind.ts'
import type { Batch, Committed, Store } from '../../src/store/store.ts'
import type { FakeClock } from '../../src/testing/clock.ts'
import { refused } from '../support/script.ts'
import { longestMs } from './attempt.ts'
import type { Event } from './event.ts'
import { type Act, actOf } from './plan.ts'

export interface MachineOptions {
  store: Store
  clock: FakeClock
  /** How far the wall clock is ahead of what has passed. */
  skew: () => number
  concurrency: number
  graceMs: number
  tell: (event: Event) => void
}

/** More timers than any good reason could set off in one moment. */
const mostAtOnce = 500

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const never = <T>() => new Promise<T>(() => {})

/** When a machine is to die: at its so manieth commit from now, and whether that commit still reaches the disk. */
export interface Fate {
  commits: number
  written: boolean
}

/** One process: an engine on a store that others had before, and that others will have after it. It can be killed. */
export class Machine {
  readonly engine: Engine
  isDead = false
  fate: Fate | undefined
  /** What went wrong beyond anything that the model would see. */
  flaw: string | undefined
  #spun = 0
  #spunAt = 0
  #timers = new Set<() => void>()
  /** Of what tasks do. */
  #acting = new Set<() => void>()

  constructor(readonly options: MachineOptions) {
    const { concurrency, graceMs } = options
    const kinds = { play: this.#kind() }
    this.engine = createEngine({ store: this.#store(), kinds, clock: this.#clock(), concurrency, graceMs })
  }

  /** As a loss of power does it: nothing is settled, told or answered any more, and no timer goes off. */
  kill(): void {
    this.isDead = true
    for (const timers of [this.#timers, this.#acting]) {
      for (const cancel of timers) cancel()
      timers.clear()
    }
  }

  /** How many timers the engine has armed, those aside that the tasks have themselves. */
  get timers(): number {
    return this.#timers.size
  }

  get #moment() {
    const elapsed = this.options.clock.now()
    return { at: elapsed + this.options.skew(), elapsed }
  }

  #clock(): Clock {
    const { clock, skew } = this.options
    return {
      now: () => clock.now() + skew(),
      wall: () => clock.now() + skew(),
      elapsed: () => clock.elapsed(),
      random: () => clock.random(),
      id: () => clock.id(),
      after: (ms, action) => this.#after(ms, action, this.#timers),
    }
  }

  #after(ms: number, action: () => void, timers: Set<() => void>): () => void {
    if (this.isDead) return () => {}
    const cancel = this.options.clock.after(ms, () => {
      timers.delete(cancel)
      if (!this.#spins()) action()
    })
    timers.add(cancel)
    return () => {
      timers.delete(cancel)
      cancel()
    }
  }

  /** Whether timer after timer goes off in the same moment: time would stand still for ever. */
  #spins(): boolean {
    const now = this.options.clock.now()
    this.#spun = now === this.#spunAt ? this.#spun + 1 : 0
    this.#spunAt = now
    if (this.#spun < mostAtOnce) return false
    this.flaw = 'The engine goes round in circles'
    this.kill()
    return true
  }

  /** The store as the engine has it: what it writes is told, and once the machine is dead it writes nothing. */
  #store(): Store {
    const { store } = this.options
    const own: Partial<Store> = {
      commit: (batch, now) => this.#commit(batch, now),
      rescue: async (now, mostRescues) => {
        const rescued = await store.rescue(now, mostRescues)
        this.options.tell({ type: 'rescued', ...this.#moment, at: now })
        return rescued
      },
      // As over a network: what is asked for while others write may be answered late.
      changes: async (job, after, limit) => {
        await turn()
        const changes = await store.changes(job, after, limit)
        await turn()
        return changes
      },
    }
    return new Proxy(store, {
      get(target, name) {
        const method: unknown = Reflect.get(own, name) ?? Reflect.get(target, name)
        return typeof method === 'function' ? method.bind(target) : method
      },
    })
  }

  async #commit(batch: Batch, now: number): Promise<Committed> {
    const dies = this.fate !== undefined && --this.fate.commits < 0
    if (this.isDead || (dies && !this.fate?.written)) {
      this.kill()
      return never()
    }
    const committed = await this.options.store.commit(batch, now)
    this.options.tell({ type: 'committed', batch, committed, ...this.#moment, at: now })
    if (!dies) return committed
    this.kill()
    return never()
  }

  #kind(): Kind {
    const input = Type.Object({ acts: Type.Any() })
    return {
      name: 'play',
      input,
      timeoutMs: () => longestMs,
      queue: () => 'play',
      run: (fields, context) => this.#run(fields as { acts: Act[] }, context),
    }
  }

  /** Heeds no signal: what it does ends when it was to end, whoever still waits for that. */
  #run({ acts }: { acts: Act[] }, context: RunContext): RunResult | Promise<RunResult> {
    if (this.isDead) return never()
    const { job, index, attempt } = context
    const act = actOf(acts, attempt)
    this.options.tell({ type: 'started', job, index, attempt, act, ...this.#moment })
    if (act.does === 'hang') return never()
    if (act.ms === 0) return play(act, context)
    return new Promise((resolve, reject) => {
      const end = () => {
        try {
          resolve(play(act, context))
        } catch (error) {
          reject(error)
        }
      }
      this.#after(act.ms, end, this.#acting)
    })
  }
}

const play = ({ does, delayMs }: Act, { index, attempt }: RunContext): RunResult => {
  switch (does) {
    case 'succeed':
    case 'hang':
      return { type: 'succeeded', output: JSON.stringify([index, attempt]) }
    case 'fail':
      return { type: 'failed', error: refused, retryable: true }
    case 'give up':
      return { type: 'failed', error: refused, retryable: false }
    case 'throw':
      throw new Error('Thrown on purpose')
    case 'snooze':
      return { type: 'snoozed', delayMs }
    default:
      return does satisfies never
  }
}
