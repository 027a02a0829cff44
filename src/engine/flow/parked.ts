import { Agenda } from './agenda.ts'
import type { QueueFlow } from './queue.ts'

/** A queue that is offered so often in vain is offered less and less often … */
const offersAtOnce = 4
/** … at first after so many milliseconds, … */
const firstOfferMs = 25
/** … at last after so many. */
const lastOfferMs = 1_000

/**
 * The queues in which tasks wait in the store for room, and which of them have room. A queue is looked at when something happened
 * to it, or when its time has come: what waits in between costs nothing.
 */
export class Parked {
  /** Queues to be looked at. */
  readonly #changed = new Set<QueueFlow>()
  /** Parked queues that have room, the one that waits longest for its turn first. */
  readonly #ready = new Set<QueueFlow>()
  /** Queues that have room at some time. */
  readonly #agenda = new Agenda<QueueFlow>()

  /** Something happened to the queue. */
  change(queue: QueueFlow): void {
    if (queue.isAwaited) this.#changed.add(queue)
  }

  add(queue: QueueFlow): void {
    queue.parked = true
    queue.offers = 0
    this.#changed.add(queue)
  }

  remove(queue: QueueFlow): void {
    queue.parked = false
    queue.offers = 0
    this.#changed.add(queue)
  }

  /** A queue whose time has come, to be asked for until there is none. */
  take(now: number): QueueFlow | undefined {
    const queue = this.#agenda.take(now)
    if (queue) this.#changed.add(queue)
    return queue
  }

  /** Queues that have room now, at most so many; they take turns. */
  open(now: number, ahead: number, most: number): QueueFlow[] {
    this.#look(now, ahead)
    const opened: QueueFlow[] = []
    for (const queue of this.#ready) {
      if (opened.length === most) break
      if (queue.room(now, ahead) > 0) opened.push(queue)
      else this.#place(queue, now, ahead)
    }
    for (const queue of opened) this.#offer(queue, now)
    return opened
  }

  /** When the time of the next queue comes. */
  nextAt(now: number, ahead: number): number | undefined {
    this.#look(now, ahead)
    return this.#agenda.next
  }

  #look(now: number, ahead: number): void {
    for (const queue of this.#changed) this.#place(queue, now, ahead)
    this.#changed.clear()
  }

  #place(queue: QueueFlow, now: number, ahead: number): void {
    if (queue.parked && queue.room(now, ahead) > 0) {
      this.#agenda.delete(queue)
      this.#ready.add(queue)
      return
    }
    this.#ready.delete(queue)
    const at = queue.isAwaited ? queue.opensAt(now) : undefined
    if (at === undefined) this.#agenda.delete(queue)
    else this.#agenda.set(queue, at)
  }

  /** Puts the queue last. One of which nothing is ever claimed, as its jobs may not run more, is not offered in every commit. */
  #offer(queue: QueueFlow, now: number): void {
    queue.offers += 1
    this.#ready.delete(queue)
    const late = queue.offers - offersAtOnce
    if (late <= 0) this.#ready.add(queue)
    else this.#agenda.set(queue, now + Math.min(lastOfferMs, firstOfferMs * 2 ** (late - 1)))
  }
}
