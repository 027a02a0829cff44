import type { Progress } from '../kind.ts'

/** What a worker is told: a thread and a process are told the same. A worker runs one task at a time. */
export type Order =
  | Start
  /** The task's signal is to be aborted; the worker is ended if the task does not end soon. */
  | { type: 'abort'; id: number }

export interface Start {
  type: 'start'
  /** Of the task, within its worker: what a task says once it has ended is not taken for the next one's word. */
  id: number
  /** The URL of the module whose default export, or else the one called `run`, is the handler's function. */
  module: string
  /** JSON text. Absent for `undefined`. */
  input?: string
  job: string
  index: number
  attempt: number
  idempotencyKey: string
}

/** What it reports. The last of a task is `done`, `failed` or `crashed`. */
export type Report =
  | { type: 'progress'; id: number; progress: Progress }
  | { type: 'log'; id: number; message: string; fields?: Record<string, unknown> }
  /** `output` is JSON text. */
  | { type: 'done'; id: number; output: string }
  | { type: 'failed'; id: number; why: Why; message: string }
  /** Something threw that no caller awaits. The worker can no longer be trusted. */
  | { type: 'crashed'; message: string }

/** `fatal`: threw what no other attempt could mend. `no_json`: returned what JSON cannot express. */
export type Why = 'threw' | 'fatal' | 'no_json' | 'not_loaded' | 'no_function'

const types: Record<Report['type'], true> = {
  progress: true,
  log: true,
  done: true,
  failed: true,
  crashed: true,
}

/** A handler, or a library of its, may send messages of its own over the same channel. */
export const isReport = (message: unknown): message is Report =>
  typeof message === 'object' &&
  message !== null &&
  'type' in message &&
  Object.hasOwn(types, String(message.type))
