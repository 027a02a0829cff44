import { type Static, Type } from '@sinclair/typebox'
import { CountsShape, FailureShape, JobShape, TaskStateName } from './wire.ts'

/** Outputs longer than this (in bytes of JSON) are left out of events; `outputBytes` says how long they are. */
export const largestEventOutput = 16_384

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

export const ErrorEvent = Type.Object({
  type: Type.Literal('error'),
  code: Type.String(),
  message: Type.String(),
  job: Type.Optional(Type.String()),
})

export const PongEvent = Type.Object({
  type: Type.Literal('pong'),
  id: Type.Optional(Type.Union([Type.Number(), Type.String()])),
})

/** What a client sends over the channel. */
export const Command = {
  subscribe: Type.Object(
    { type: Type.Literal('subscribe'), job: JobId, after: Type.Optional(Seq) },
    { additionalProperties: false },
  ),
  unsubscribe: Type.Object(
    { type: Type.Literal('unsubscribe'), job: JobId },
    { additionalProperties: false },
  ),
  ping: Type.Object(
    { type: Type.Literal('ping'), id: Type.Optional(Type.Union([Type.Number(), Type.String()])) },
    { additionalProperties: false },
  ),
} as const

export type TaskChangeView = Static<typeof TaskChangeShape>
export type JobEvent = Static<typeof JobEvent>
export type TasksEvent = Static<typeof TasksEvent>
export type ProgressEvent = Static<typeof ProgressEvent>
export type ErrorEvent = Static<typeof ErrorEvent>
export type PongEvent = Static<typeof PongEvent>

/** What follows from a job: everything the channel says about it. */
export type FollowEvent = JobEvent | TasksEvent | ProgressEvent
export type ServerMessage = FollowEvent | ErrorEvent | PongEvent
export type ClientMessage =
  | Static<typeof Command.subscribe>
  | Static<typeof Command.unsubscribe>
  | Static<typeof Command.ping>
