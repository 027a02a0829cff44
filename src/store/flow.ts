import type { Limits } from '../job/queues.ts'

/** What the store asks before it claims. Synchronous and cheap: it is asked for every lane that is looked at. */
export interface Gate {
  /** How many tasks of the queue may be claimed now, beyond those claimed in earlier commits; 0 closes it. */
  room(queue: string): number
  /** The width of the buckets, in milliseconds, in which the starts of a queue with a rate are to be kept; undefined without a rate. */
  bucketMs(queue: string): number | undefined
}

export interface LimitsChange {
  /** A queue, or a pattern of names with `*`. */
  name: string
  /** Undefined removes them. */
  limits: Limits | undefined
}

/** What came of a {@link LimitsChange}. */
export interface Limited {
  name: string
  /** Undefined when they were removed. */
  record: LimitsRecord | undefined
  /** Whether there were any before. */
  existed: boolean
}

/** A note that flow control makes for itself, as JSON text. */
export interface QueueState {
  queue: string
  /** Undefined removes it. */
  state: string | undefined
}

/** The starts of a queue in one bucket of time, counted by when they were claimed. */
export interface Starts {
  queue: string
  /** When the bucket begins: the time of the claim, rounded down to a multiple of its width. */
  bucket: number
  count: number
  /** When the latest of them started; undefined if that was never recorded. */
  at: number | undefined
}

export interface Started {
  queue: string
  bucket: number
  at: number
  /** Buckets below this one are no longer needed. */
  from: number
}

export interface LimitsRecord {
  name: string
  limits: Limits
  /** Since when the queue is paused, if it is. */
  pausedAt: number | undefined
  updatedAt: number
}

export interface FlowRecords {
  limits: LimitsRecord[]
  states: QueueState[]
  starts: Starts[]
}

export interface QueueQuery {
  /** Only names after this one. */
  after?: string | undefined
  limit: number
}

export interface QueueRecord {
  name: string
  /** Tasks that are due or will be. */
  queued: number
  /** Tasks that wait for others. */
  blocked: number
}
