import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { modes } from './modes.ts'
import { endedTaskStates, jobStates, taskStates } from './state.ts'
import { webhookEvents } from './webhook.ts'

/** The shapes that leave Sheaf, the same over REST, in events and in the client. */

export const oneOf = <T extends string>(values: readonly T[], description?: string) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], ...(description && { description }) })
export const Moment = (description: string) => Type.String({ format: 'date-time', description })
export const Count = Type.Integer({ minimum: 0 })
const OrNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

export const TaskStateName = oneOf(taskStates)
export const JobStateName = oneOf(jobStates)

export const FailureShape = Type.Object(
  {
    code: Type.String({ description: 'A stable name for what went wrong.' }),
    message: Type.String(),
    details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { description: 'Why a task or a job did not succeed.' },
)

export const CountsShape = Type.Object({
  total: Count,
  blocked: Count,
  queued: Count,
  running: Count,
  succeeded: Count,
  failed: Count,
  cancelled: Count,
})

export const JobShape = Type.Object({
  id: Type.String({ format: 'uuid', description: 'UUIDv7.' }),
  name: OrNull(Type.String()),
  state: JobStateName,
  mode: oneOf(modes),
  outcome: Type.Optional(
    oneOf(endedTaskStates, 'Decided as soon as it can be; the job ends when no task is left open.'),
  ),
  decidedBy: Type.Optional(
    Type.Integer({ minimum: 0, description: 'The index of the task that decided the outcome, if one did.' }),
  ),
  counts: CountsShape,
  progress: Type.Number({ minimum: 0, maximum: 1, description: 'The share of tasks that ended.' }),
  ratePerSecond: Type.Number({ minimum: 0, description: 'Tasks ended a second, lately.' }),
  etaMs: OrNull(Type.Integer({ minimum: 0, description: 'Expected time left at that rate.' })),
  concurrency: OrNull(Type.Integer({ minimum: 1 })),
  priority: Type.Integer({ minimum: 1, maximum: 9 }),
  labels: Type.Record(Type.String(), Type.String()),
  schedule: Type.Optional(Type.String({ description: 'The id of the schedule that made it.' })),
  webhook: Type.Optional(
    Type.Object(
      {
        id: Type.String({ description: 'The id of the endpoint.' }),
        url: Type.String(),
        events: Type.Array(oneOf(webhookEvents)),
      },
      { description: 'Who is told of the job, and of what.' },
    ),
  ),
  sealed: Type.Boolean(),
  seq: Type.Integer({ minimum: 0, description: 'Rises with every committed change: the resume cursor.' }),
  createdAt: Moment('When the job was accepted.'),
  runAt: Type.Optional(Moment('When it is to start; of a scheduled job only.')),
  startedAt: OrNull(Moment('When its first task was claimed.')),
  finishedAt: OrNull(Moment('When its last task ended.')),
  error: Type.Optional(FailureShape),
})

const taskHead = {
  index: Type.Integer({ minimum: 0, description: 'The position among the tasks submitted, from 0.' }),
  key: Type.Optional(Type.String()),
}
const taskTail = {
  attempt: Type.Integer({ minimum: 0, description: 'The number of the latest attempt; 0 before the first.' }),
  output: Type.Optional(Type.Unknown({ description: 'What the task returned; JSON.' })),
  error: Type.Optional(FailureShape),
}

export const TaskShape = Type.Object({
  ...taskHead,
  kind: Type.String(),
  queue: Type.String(),
  state: TaskStateName,
  seq: Type.Integer({ minimum: 0, description: 'The seq of its latest change; 0 before the first.' }),
  runAt: Type.Optional(Moment('When it becomes due; in the future for a retry.')),
  startedAt: Type.Optional(Moment('When its latest attempt started.')),
  finishedAt: Type.Optional(Moment('When it ended.')),
  ...taskTail,
})

export const AttemptFailureShape = Type.Object({
  attempt: Type.Integer({ minimum: 1 }),
  startedAt: Moment('When the attempt started.'),
  finishedAt: Moment('When it failed.'),
  error: FailureShape,
})

export const WholeTaskShape = Type.Object({
  ...TaskShape.properties,
  input: Type.Unknown({ description: 'The task as it was submitted.' }),
  failures: Type.Array(AttemptFailureShape, { description: 'Each attempt that failed.' }),
})

export const ResultShape = Type.Object({
  ...taskHead,
  state: oneOf(endedTaskStates),
  seq: Type.Optional(
    Type.Integer({
      minimum: 1,
      description: 'The seq of its end: the `after` to go on from. With `order=completion` only.',
    }),
  ),
  ...taskTail,
})

export type JobView = Static<typeof JobShape>
export type TaskView = Static<typeof TaskShape>
export type WholeTaskView = Static<typeof WholeTaskShape>
export type ResultView = Static<typeof ResultShape>

export const listOf = <T extends TSchema>(item: T) =>
  Type.Object({
    data: Type.Array(item),
    next: OrNull(Type.String({ description: 'The cursor of the next page, or null at the end.' })),
  })
