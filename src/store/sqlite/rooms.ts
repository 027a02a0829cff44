import type { Gate } from '../flow.ts'
import type { QueueNames } from './queues.ts'
import type { Statements } from './statements/index.ts'

interface Room {
  name: string
  /** How many more tasks may be claimed. */
  left: number
  taken: number
}

/** How much room each queue has, in one transaction: what its gate says, less what was claimed of it since. */
export class Rooms {
  #rooms = new Map<number, Room>()

  constructor(
    readonly statements: Statements,
    readonly names: QueueNames,
    readonly now: number,
    readonly gate: Gate | undefined,
  ) {}

  of(queue: number): number {
    return this.#room(queue).left
  }

  nameOf(queue: number): string {
    return this.#room(queue).name
  }

  take(queue: number, count: number): void {
    const room = this.#room(queue)
    room.left -= count
    room.taken += count
  }

  /** Writes down the starts of queues that have a rate. */
  save(): void {
    for (const { name, taken } of this.#rooms.values()) {
      const width = taken > 0 ? this.gate?.bucketMs(name) : undefined
      if (width === undefined) continue
      this.statements.countStarts.run({
        queue: name,
        bucket: Math.floor(this.now / width) * width,
        count: taken,
      })
    }
  }

  #room(queue: number): Room {
    const known = this.#rooms.get(queue)
    if (known) return known
    const name = this.names.nameOf(queue)
    const room = { name, left: this.gate?.room(name) ?? Number.POSITIVE_INFINITY, taken: 0 }
    this.#rooms.set(queue, room)
    return room
  }
}
