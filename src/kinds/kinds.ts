import { createCall } from './call.ts'
import type { Handler } from './handler.ts'
import { http } from './http.ts'
import type { Kind } from './kind.ts'
import { sleep } from './sleep.ts'
import type { TaskSpec } from './spec.ts'

/** Every kind of task that this server can run, by name. */
export type Kinds = Readonly<Record<TaskSpec['kind'], Kind>>

export interface KindsOptions {
  /** What `call` tasks can run. Default none. */
  handlers?: readonly Handler[]
}

/** Throws if two handlers have the same name, or a schema of one cannot be compiled. */
export const createKinds = ({ handlers = [] }: KindsOptions = {}): Kinds => ({
  http,
  sleep,
  call: createCall(handlers),
})
