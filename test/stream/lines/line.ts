import type { FollowEvent } from '../../../src/job/events.ts'
import type { TaskState } from '../../../src/job/state.ts'

/** Which tasks are told of, and how much of them. */
export interface Filter {
  states?: readonly TaskState[]
  keys?: readonly string[]
  output?: false
}

/** Who is told what comes of one subscription. */
export interface Listener {
  event(event: FollowEvent): void
  /** The server refused it, or ended it with an error. */
  refused(code: string): void
  /** Nothing more will come: it was ended by the server, or with its connection, or by us. */
  over(): void
}

export interface Subscription {
  /** Ends it; resolves when nothing more of it can come. */
  leave(): Promise<void>
}

/** How one client is connected to a node, whatever it speaks. */
export interface Line {
  /** Follows a job after a seq, or from a snapshot on. */
  follow(
    job: string,
    options: { after: number | undefined; filter: Filter },
    listener: Listener,
  ): Subscription
  /** Reads nothing more, so that whatever is sent stays where it is; and reads on. */
  hold(): void
  go(): void
  /** Resolves when all that a server sent before it ended was taken, and nothing more can come of it. */
  drained(): Promise<void>
  /** Takes its leave, or is just gone; resolves when nothing more can come. */
  close(how: 'politely' | 'rudely'): Promise<void>
}

export interface Transport {
  readonly name: string
  /** Whether one job can be followed twice on one line. */
  readonly shares: boolean
  /** Whether it can ask for a part of what there is. */
  readonly filters: boolean
  /** Whether it finds back to its server by itself. */
  readonly returns: boolean
  /** Opens a line to a node; `flaw` is told what the server may never do. */
  open(url: string, flaw: (what: string) => void): Promise<Line>
}
