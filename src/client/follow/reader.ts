import type { FollowEvent } from '../../job/events.ts'
import { hasEnded } from '../../job/state.ts'
import { type Filter, sift } from './filter.ts'
import { Position } from './position.ts'

/** What brings the events of one job to its readers, and is told how they fare. */
export interface Source {
  /** The reader wants what comes after its position: it was opened, or has caught up. */
  want(reader: Reader): void
  /** The reader wants nothing for now: it is behind. */
  pause(reader: Reader): void
  /** The reader wants nothing more. */
  leave(reader: Reader): void
}

/** The loop that reads: it takes the events of one job, or of many. */
export interface Taker {
  /** Whether so much waits for it that nothing more is to come. */
  readonly full: boolean
  take(event: FollowEvent): void
  /** Whatever the source had to say of this reader's job has been heeded. */
  heeded(reader: Reader): void
  fail(error: unknown): void
}

interface ReaderSetup {
  job: string
  source: Source
  taker: Taker
  /** The last seq that was seen. */
  after: number | undefined
  filter: Filter
}

/**
 * What a loop reads of one job. When too many events wait for the loop it lets the source pause, and resumes after the last of
 * them when there is room: so a slow loop costs no memory, and misses nothing.
 */
export class Reader {
  readonly position: Position
  #state: 'listening' | 'behind' | 'over' = 'listening'

  constructor(readonly setup: ReaderSetup) {
    this.position = new Position(setup.after)
  }

  get job(): string {
    return this.setup.job
  }

  get filter(): Filter {
    return this.setup.filter
  }

  /** Whether events are to be put. */
  get listening(): boolean {
    return this.#state === 'listening'
  }

  get over(): boolean {
    return this.#state === 'over'
  }

  put(event: FollowEvent): void {
    if (!this.listening) return
    if (this.setup.taker.full) this.#miss(event)
    else this.#take(event)
    this.setup.taker.heeded(this)
  }

  /** There is nothing more to read. */
  finish(): void {
    this.leave()
    this.setup.taker.heeded(this)
  }

  fail(error: unknown): void {
    this.setup.taker.fail(error)
  }

  resume(): void {
    this.#state = 'listening'
    this.setup.source.want(this)
  }

  leave(): void {
    if (this.over) return
    this.#state = 'over'
    this.setup.source.leave(this)
  }

  #take(event: FollowEvent): void {
    const fresh = this.position.take(event)
    const told = fresh && sift(fresh, this.filter)
    if (told) this.setup.taker.take(told)
    if (fresh?.type === 'job' && hasEnded(fresh.data.state)) this.leave()
  }

  /** Progress is told again soon; nothing else may be lost. */
  #miss(event: FollowEvent): void {
    if (event.type === 'progress') return
    this.#state = 'behind'
    this.setup.source.pause(this)
  }
}
