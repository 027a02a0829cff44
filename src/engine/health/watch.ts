import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'
import type { Clock } from '../../clock.ts'
import type { Store } from '../../store/store.ts'
import type { Vitals } from './vitals.ts'

export interface WatchHost {
  clock: Pick<Clock, 'now' | 'wall' | 'elapsed' | 'after'>
  vitals: Vitals
  store: Pick<Store, 'inspect'>
  /** Called with each beat: the event loop turns. */
  beat?(): void
  /** Told with each beat by how many milliseconds it came too late. */
  late?(ms: number): void
}

export const beatMs = 500
/** What the event loop may stand still, and what the clock may be wrong, before it is worth a line, in milliseconds. */
const leastMs = 1_000

/**
 * Looks twice a second for what nobody else meets: an event loop that stood still, a clock that was set, a database file
 * that is gone or whose log grows, files that cannot be opened. A look takes about 30 µs.
 */
export class Watch {
  readonly #host: WatchHost
  #elapsed: number
  #wall: number
  #cancel: (() => void) | undefined
  #looking = Promise.resolve()
  #stopped = false

  constructor(host: WatchHost) {
    this.#host = host
    this.#elapsed = host.clock.elapsed()
    this.#wall = host.clock.wall()
  }

  start(): void {
    this.#cancel = this.#host.clock.after(beatMs, () => this.#beat())
  }

  /** Resolves when it looks at nothing any more. May be called again. */
  stop(): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    return this.#looking
  }

  #beat(): void {
    this.#host.beat?.()
    this.#feelTime()
    this.#feelFiles()
    this.#looking = this.#feelStore().finally(() => {
      if (!this.#stopped) this.start()
      // Not what the look took: that is nobody's standstill.
      this.#elapsed = this.#host.clock.elapsed()
      this.#wall = this.#host.clock.wall()
    })
  }

  #feelTime(): void {
    const { clock, vitals } = this.#host
    const wall = clock.wall()
    const passed = clock.elapsed() - this.#elapsed
    this.#host.late?.(Math.max(0, passed - beatMs))
    const still = Math.round(passed - beatMs)
    if (still >= leastMs) vitals.note('The event loop stood still', { ms: still })
    const jump = Math.round(wall - this.#wall - passed)
    if (jump >= leastMs) {
      vitals.note('The clock was set forwards, or the machine slept', { ms: jump })
      // What is due by now was to be woken for by a timer, and those have yet as long to go as before.
      vitals.stir()
    }
    const ahead = clock.now() - wall
    if (ahead >= leastMs) vitals.met('clock_behind', { aheadMs: ahead })
    else vitals.over('clock_behind')
  }

  #feelFiles(): void {
    try {
      closeSync(openSync(devNull, 'r'))
    } catch (error) {
      const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
      if (code === 'EMFILE' || code === 'ENFILE') this.#host.vitals.met('out_of_files', { error: code })
      return
    }
    this.#host.vitals.over('out_of_files')
  }

  async #feelStore(): Promise<void> {
    const { store, vitals } = this.#host
    try {
      const found = await store.inspect?.(vitals.mayWrite)
      if (found === undefined) return
      if (found.replaced) vitals.met('replaced')
      else vitals.over('replaced')
      if (!vitals.mayWrite) return
      if (found.held) vitals.met('wal_growing', { bytes: found.walBytes })
      else vitals.over('wal_growing', { bytes: found.walBytes })
    } catch (error) {
      vitals.note('The database could not be looked at', {
        error: error instanceof Error ? error.message : String(error),
      })
    }
  }
}
