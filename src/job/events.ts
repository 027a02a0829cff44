import { type Static, Type } from '@sinclair/typebox'
import { type ProblemCode, problemCodes } from './errors.ts'
import { exampleJob, exampleQueue } from './events/examples.ts'
import { exampleId, JobId, Message, PingId, Position, Seq } from './message.ts'
import { QueueShape } from './queue-wire.ts'
import { CountsShape, FailureShape, JobShape, Moment, oneOf, TaskStateName } from './wire.ts'

/** Outputs longer than this (in bytes of JSON) are left out of events; `outputBytes` says how long they are. */
export const largestEventOutput = 16_384

/** No message about a job's tasks is longer, in bytes, unless a single task is. */
export const largestFrame = 262_144

/** The latest change of one task. */
export const TaskChangeShape = Type.Object({
  index: Type.Integer({ minimum: 0, description: 'The position among the tasks submitted, from 0.' }),
  key: Type.Optional(Type.String()),
  state: TaskStateName,
  attempt: Type.Integer({ minimum: 0, description: 'The number of the latest attempt; 0 before the first.' }),
  seq: Seq,
  runAt: Type.Optional(Moment('When it becomes due, of a queued task; in the future for a retry.')),
  output: Type.Optional(Type.Unknown({ description: 'What the task returned; JSON.' })),
  outputBytes: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: `In place of an output over ${largestEventOutput / 1024} KiB: how long it is.`,
    }),
  ),
  error: Type.Optional(FailureShape),
})

export const JobEvent = Message(
  { type: Type.Literal('job'), job: JobId, seq: Seq, data: JobShape },
  {
    description:
      'The job as it stands: when it is subscribed to, and whenever its state changes. The last message of a job has an ended state.',
    examples: [{ type: 'job', job: exampleId, seq: 41, data: exampleJob }],
  },
)

export const TasksEvent = Message(
  {
    type: Type.Literal('tasks'),
    job: JobId,
    seq: Seq,
    counts: CountsShape,
    data: Type.Array(TaskChangeShape),
  },
  {
    description:
      'The tasks that changed, by the `seq` of their latest change; resuming past `seq` misses nothing.',
    examples: [
      {
        type: 'tasks',
        job: exampleId,
        seq: 41,
        counts: exampleJob.counts,
        data: [
          { index: 0, key: 'user', state: 'succeeded', attempt: 1, seq: 40, output: { id: 1 } },
          { index: 3, state: 'succeeded', attempt: 2, seq: 41, outputBytes: 20_480 },
        ],
      },
    ],
  },
)

export const ProgressEvent = Message(
  {
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
  },
  {
    description: 'How far running tasks have come, as their handlers say. Not replayed.',
    examples: [
      {
        type: 'progress',
        job: exampleId,
        data: [{ index: 5, done: 3, total: 10, message: 'resizing' }],
      },
    ],
  },
)

export const QueueEvent = Message(
  { type: Type.Literal('queue'), data: QueueShape },
  {
    description: 'A queue was paused, resumed or throttled, its circuit moved, or its limits changed.',
    examples: [{ type: 'queue', data: exampleQueue }],
  },
)

/** The name and label as they were subscribed to. */
const selection = {
  name: Type.Optional(Type.String({ description: 'The name that was selected, if one was.' })),
  label: Type.Optional(Type.String({ description: 'The label that was selected, if one was.' })),
}

export const SelectionEvent = Message(
  { type: Type.Literal('selection'), ...selection, since: Position },
  {
    description:
      'How far a selection has come: of every matching job up to the number `since`, the first message has been sent. Comes once those are told of that were there, and then after new ones, at latest after 100.',
    examples: [{ type: 'selection', label: 'team:growth', since: 1204 }],
  },
)

export const ErrorEvent = Message(
  {
    type: Type.Literal('error'),
    code: oneOf(Object.keys(problemCodes) as ProblemCode[], 'Stable, for programs: as in HTTP problems.'),
    message: Type.String({ description: 'The field, what it may be, and what it was.' }),
    job: Type.Optional(
      Type.String({ description: 'The job that the message was about, if it was about one.' }),
    ),
    queues: Type.Optional(
      Type.String({ description: 'The name or pattern of queues that it was about, if it was about those.' }),
    ),
    ...selection,
  },
  {
    description: 'A message of yours was refused. The socket and its other subscriptions go on.',
    examples: [
      { type: 'error', code: 'not_found', message: `There is no job ${exampleId}.`, job: exampleId },
      { type: 'error', code: 'malformed', message: 'Expected a message in JSON, got "hello".' },
    ],
  },
)

export const PongEvent = Message(
  { type: Type.Literal('pong'), id: Type.Optional(PingId) },
  { description: 'The answer to a `ping`.', examples: [{ type: 'pong', id: 1 }] },
)

/** Every message that the server sends, by its `type`: to add one, add it here. */
export const events = {
  job: JobEvent,
  tasks: TasksEvent,
  progress: ProgressEvent,
  queue: QueueEvent,
  selection: SelectionEvent,
  error: ErrorEvent,
  pong: PongEvent,
} as const

export type TaskChangeView = Static<typeof TaskChangeShape>
export type JobEvent = Static<typeof JobEvent>
export type TasksEvent = Static<typeof TasksEvent>
export type ProgressEvent = Static<typeof ProgressEvent>
export type QueueEvent = Static<typeof QueueEvent>
export type SelectionEvent = Static<typeof SelectionEvent>
export type ErrorEvent = Static<typeof ErrorEvent>
export type PongEvent = Static<typeof PongEvent>

/** What follows from a job: everything the channel says about it. */
export type FollowEvent = JobEvent | TasksEvent | ProgressEvent
export type ServerMessage = Static<(typeof events)[keyof typeof events]>
