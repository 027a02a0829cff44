import type { Engine } from '../../../engine/engine.ts'
import type { Following, Reader } from '../../../engine/follow.ts'
import type { Frame } from '../../../engine/frame.ts'
import { Problem } from '../../../job/errors.ts'
import { filterOf } from '../../../job/filter.ts'
import { endedTaskStates } from '../../../job/state.ts'

/** Of what is told, only that there is something counts: so it is kept short. */
const ends = filterOf({ states: endedTaskStates, output: false })

/**
 * Rings when something has happened to a job, for who reads from the store as it happens. It says no more than that, and
 * remembers one ring: so whoever looks slowly costs nothing, and misses nothing. To be stopped.
 */
export class Bell implements Reader {
  #rung = false
  #last = false
  #following: Following | undefined
  #over: { why: unknown } | undefined
  #wake = () => {}

  constructor(
    readonly engine: Pick<Engine, 'follow'>,
    readonly job: string,
  ) {}

  /**
   * Resolves once something has happened since it resolved before, the first time soon: who looked before that looks again.
   * Rejects when nothing more will be told: the server stops, or `stop` was called.
   */
  async rung(): Promise<void> {
    while (!this.#rung) {
      if (this.#over) throw this.#over.why
      // Again after its end: the job may have been taken up again since.
      this.#following ??= this.engine.follow(this.job, { filter: ends }, this)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#rung = false
  }

  /** May be called again. */
  stop(): void {
    this.#following?.stop()
    this.#end(new Error('Nobody listens any more'))
  }

  offer({ type, last }: Frame): boolean {
    if (type === 'progress') return true
    this.#last = last
    this.#rung = true
    this.#wake()
    return true
  }

  behind(following: Following): void {
    void following.read()
  }

  over(_: Following, error?: unknown): void {
    this.#following = undefined
    if (error !== undefined) this.#end(error)
    else if (!this.#last) this.#end(new Problem('unavailable', 'The server is stopping.'))
    this.#wake()
  }

  #end(why: unknown): void {
    this.#over ??= { why }
    this.#wake()
  }
}
