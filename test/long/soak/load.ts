import { ask } from '../kit/rest.ts'
import { type Lane, lanes, type Places } from './lanes.ts'

/** All lanes at work, each with one round after the other, until it is stopped. */
export class Load {
  /** Tasks whose jobs have ended. */
  tasks = 0
  readonly faults: string[] = []
  #working = true
  #lanes: Promise<unknown>

  private constructor(readonly places: Places) {
    this.#lanes = Promise.all(lanes.map((lane, i) => this.#work(lane, i)))
  }

  static async start(places: Places): Promise<Load> {
    const { url } = places
    await ask(`${url}/queues/metered`, 'PUT', { rate: { limit: 100, perMs: 1_000 } })
    const job = { tasks: [{ kind: 'sleep', ms: 1 }], keepMs: 2_000 }
    await ask(`${url}/schedules/each-second`, 'PUT', { cron: '* * * * * *', job })
    return new Load(places)
  }

  /** Resolves when every round that began is over, and no schedule makes more. */
  async stop(): Promise<void> {
    this.#working = false
    await this.#lanes
    await ask(`${this.places.url}/schedules/each-second`, 'DELETE')
  }

  async #work(lane: Lane, first: number): Promise<void> {
    for (let round = first; this.#working; round += lanes.length) {
      try {
        const ended = await lane(this.places, round)
        this.tasks += ended
      } catch (error) {
        this.faults.push(error instanceof Error ? error.message : String(error))
        // A lane that cannot go on would else fill this list.
        if (this.faults.length > 100) return
      }
    }
  }
}
