import { type Static, type TObject, type TProperties, Type } from '@sinclair/typebox'
import { strict } from '../job/fields.ts'
import { limits } from '../job/limits.ts'
import { JobCommon, TaskCommon } from '../job/spec.ts'
import { CallInput } from './call.ts'
import { HttpInput } from './http.ts'
import { SleepInput } from './sleep.ts'

/** A task of one kind: its name, its own fields, and those that every task may have. */
const taskOf = <Name extends string, Fields extends TProperties>(kind: Name, input: TObject<Fields>) =>
  Type.Object(
    { kind: Type.Literal(kind), ...input.properties, ...TaskCommon.properties },
    { ...strict, description: input.description ?? kind },
  )

export const TaskSpec = Type.Union([
  taskOf('http', HttpInput),
  taskOf('sleep', SleepInput),
  taskOf('call', CallInput),
])

/** What a caller submits. */
export const JobSpec = Type.Object(
  {
    ...JobCommon.properties,
    tasks: Type.Array(TaskSpec, {
      maxItems: limits.tasks,
      description: 'What is to be done; each task is known by its position.',
    }),
  },
  strict,
)

export type TaskSpec = Static<typeof TaskSpec>
/** A job as submitted, checked against its schema. */
export type JobSpec = Static<typeof JobSpec>
