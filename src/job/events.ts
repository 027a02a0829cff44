import { type Static, Type } from '@sinclair/typebox'
import { strict } from './fields.ts'
import { QueueShape } from './queue-wire.ts'
import { QueueName } from './queues.ts'
import { Key } from './spec.ts'
import { taskStates } from './state.ts'
import { CountsShape, FailureShape, JobShape, TaskStateName } from './wire.ts'

/** Outputs longer than this (in bytes of JSON) are left out of events; `outputBytes` says how long they are. */
export const largestEventOutput = 16_384

/** No message about a job's tasks is longer, in bytes, unless a single task is. */
export const largestFrame = 262_144

const JobId = Type.String({ format: 'uuid' })
const Seq = Type.Integer({ minimum: 0 })

/** The latest change of one task. */
export const TaskChangeShape = Type.Object({
  index: Type.Integer({ minimum: 0 }),
  key: Type.Optional(Type.String()),
  state: TaskStateName,
  attempt: Type.Integer({ minimum: 0 }),
  seq: Seq,
  runAt: Type.Optional(Type.String({ format: 'date-time' })),
  output: Type.Optional(Type.Unknown()),
  outputBytes: Type.Optional(Type.Integer({ minimum: 0 })),
  error: Type.Optional(FailureShape),
})

export const JobEvent = Type.Object({
  type: Type.Literal('job'),
  job: JobId,
  seq: Seq,
  data: JobShape,
})

export const TasksEvent = Type.Object({
  type: Type.Literal('tasks'),
  job: JobId,
  seq: Seq,
  counts: CountsShape,
  data: Type.Array(TaskChangeShape),
})

export const ProgressEvent = Type.Object({
  type: Type.Literal('progress'),
  job: JobId,
  data: Type.Array(
    Type.Object({
      index: Type.Integer({ minimum: 0 }),
      done: Type.Number(),
      total: Type.Optional(Type.Number()),
      message: Type.Optional(Type.String()),
    }),
  ),
})

export const QueueEvent = Type.Object({
  type: Type.Literal('queue'),
  data: QueueShape,
})

export const ErrorEvent = Type.Object({
  type: Type.Literal('error'),
  code: Type.String(),
  message: Type.String(),
  job: Type.Optional(Type.String()),
  queues: Type.Optional(Type.String()),
})

export const PongEvent = Type.Object({
  type: Type.Literal('pong'),
  id: Type.Optional(Type.Union([Type.Number(), Type.String()])),
})

/** How many names and patterns of queues one socket may watch. */
export const mostPatterns = 100

const Queues = Type.Union([QueueName, Type.Array(QueueName, { minItems: 1, maxItems: mostPatterns })])

/** Only tasks in these states are told of. */
export const TaskStates = Type.Array(TaskStateName, {
  minItems: 1,
  maxItems: taskStates.length,
  uniqueItems: true,
})

/** How many keys a subscription may name. */
const mostKeys = 1_000

/** Only tasks of these keys are told of. */
export const TaskKeys = Type.Array(Key, { minItems: 1, maxItems: mostKeys })

/** What a client sends over the channel. */
export const Command = {
  subscribe: Type.Object(
    {
      type: Type.Literal('subscribe'),
      job: JobId,
      after: Type.Optional(Seq),
      states: Type.Optional(TaskStates),
      keys: Type.Optional(TaskKeys),
      output: Type.Optional(Type.Boolean()),
    },
    strict,
  ),
  unsubscribe: Type.Object({ type: Type.Literal('unsubscribe'), job: JobId }, strict),
  ping: Type.Object(
    { type: Type.Literal('ping'), id: Type.Optional(Type.Union([Type.Number(), Type.String()])) },
    strict,
  ),
} as const

/** The same of queues: a name or a pattern of names, or some of them. */
export const QueueCommand = {
  subscribe: Type.Object({ type: Type.Literal('subscribe'), queues: Queues }, strict),
  unsubscribe: Type.Object({ type: Type.Literal('unsubscribe'), queues: Queues }, strict),
} as const

export type TaskChangeView = Static<typeof TaskChangeShape>
export type JobEvent = Static<typeof JobEvent>
export type TasksEvent = Static<typeof TasksEvent>
export type ProgressEvent = Static<typeof ProgressEvent>
export type QueueEvent = Static<typeof QueueEvent>
export type ErrorEvent = Static<typeof ErrorEvent>
export type PongEvent = Static<typeof PongEvent>

/** What follows from a job: everything the channel says about it. */
export type FollowEvent = JobEvent | TasksEvent | ProgressEvent
export type ServerMessage = FollowEvent | QueueEvent | ErrorEvent | PongEvent
export type ClientMessage =
  | Static<typeof Command.subscribe>
  | Static<typeof Command.unsubscribe>
  | Static<typeof Command.ping>
  | Static<typeof QueueCommand.subscribe>
  | Static<typeof QueueCommand.unsubscribe>
