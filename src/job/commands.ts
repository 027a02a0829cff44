import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { recordOf, worded } from './explain/words.ts'
import { strict, Text } from './fields.ts'
import { limits } from './limits.ts'
import { exampleId, JobId, LabelText, Message, PingId, Position, Seq } from './message.ts'
import { QueueName } from './queues.ts'
import { Key } from './spec.ts'
import { taskStates } from './state.ts'
import { TaskStateName } from './wire.ts'

/** How many names and patterns of queues one socket may watch. */
export const mostPatterns = 100

const Queues = Type.Union([QueueName, Type.Array(QueueName, { minItems: 1, maxItems: mostPatterns })], {
  description: 'The name of a queue, a pattern of names, or an array of names and patterns.',
})

/** How many keys a subscription may name. */
const mostKeys = 1_000

export const TaskStates = Type.Array(TaskStateName, {
  minItems: 1,
  maxItems: taskStates.length,
  uniqueItems: true,
  description: 'Only tasks in these states are told of.',
})

export const TaskKeys = Type.Array(Key, {
  minItems: 1,
  maxItems: mostKeys,
  description: 'Only tasks of these keys are told of.',
})

const filter = {
  states: Type.Optional(TaskStates),
  keys: Type.Optional(TaskKeys),
  output: Type.Optional(
    Type.Boolean({
      default: true,
      description: 'With `false`, outputs are left out: `outputBytes` says how long they are.',
    }),
  ),
}

const Subscribe = Message(
  { type: Type.Literal('subscribe'), job: JobId, after: Type.Optional(Seq), ...filter },
  {
    ...strict,
    description:
      'Follow a job. `after` is the last `seq` that was seen; without it, from now on, with a snapshot. Done twice, the second takes the place of the first.',
    examples: [
      { type: 'subscribe', job: exampleId },
      { type: 'subscribe', job: exampleId, after: 41 },
      { type: 'subscribe', job: exampleId, states: ['failed', 'cancelled'], output: false },
    ],
  },
)

const Unsubscribe = Message(
  { type: Type.Literal('unsubscribe'), job: JobId },
  {
    ...strict,
    description: 'Follow a job no longer. Of one that is not followed, it does nothing.',
    examples: [{ type: 'unsubscribe', job: exampleId }],
  },
)

const SubscribeQueues = Message(
  { type: Type.Literal('subscribe'), queues: Queues },
  {
    ...strict,
    description:
      'Watch a queue, or those whose names match a pattern. First comes the queue of an exact name as it stands; of a pattern, the queues that are not `open`.',
    examples: [
      { type: 'subscribe', queues: 'http:*' },
      { type: 'subscribe', queues: ['http:api.example.com', 'sql:*'] },
    ],
  },
)

const UnsubscribeQueues = Message(
  { type: Type.Literal('unsubscribe'), queues: Queues },
  {
    ...strict,
    description: 'Watch these queues no longer: a name or a pattern as it was subscribed to.',
    examples: [{ type: 'unsubscribe', queues: 'http:*' }],
  },
)

/** How many names and labels one socket may select. */
export const mostSelections = 100

const selection = {
  name: Type.Optional(Text(1, limits.nameLength, { description: 'The whole name of the jobs.' })),
  label: Type.Optional(LabelText),
}

const Seen = recordOf(
  worded('the id of a job', Type.String({ pattern: '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$' })),
  Seq,
  {
    description:
      'To resume: jobs to go on with, and the last `seq` that was seen of each. Those whose end was seen may be left out once a `selection` has come after their first message.',
  },
)

const SubscribeSelection = Message(
  {
    type: Type.Literal('subscribe'),
    ...selection,
    since: Type.Optional(Position),
    seen: Type.Optional(Seen),
    ...filter,
  },
  {
    ...strict,
    description:
      'Follow all jobs of a name, with a label, or with both, those that do not exist yet included. First come the matching jobs that have not ended, each with a snapshot, then a `selection`, then each new job, whole. To resume, `since` is that of the last `selection`: then jobs past it are new, ended or not. Done twice, the second takes the place of the first.',
    examples: [
      { type: 'subscribe', name: 'enrich' },
      { type: 'subscribe', label: 'team:growth' },
      { type: 'subscribe', name: 'enrich', label: 'team:growth', since: 1204, seen: { [exampleId]: 41 } },
    ],
  },
)

const UnsubscribeSelection = Message(
  { type: Type.Literal('unsubscribe'), ...selection },
  {
    ...strict,
    description:
      'Follow these jobs no longer: the name, the label or both as they were subscribed to. Jobs that were subscribed to by themselves go on.',
    examples: [{ type: 'unsubscribe', label: 'team:growth' }],
  },
)

const Ping = Message(
  { type: Type.Literal('ping'), id: Type.Optional(PingId) },
  {
    ...strict,
    description: 'Is there anybody? Answered at once by a `pong` with the same `id`.',
    examples: [{ type: 'ping', id: 1 }, { type: 'ping' }],
  },
)

interface Command {
  /** Its name in the documents. */
  name: string
  /** The fields that say what it is about. */
  about: readonly string[]
  schema: TSchema
}

/**
 * Every message that a client may send: to add one, add it here. Where several have the same `type`, the last is meant
 * that is about a field which the message has, or else the first.
 */
export const commands = [
  { name: 'subscribe', about: ['job'], schema: Subscribe },
  { name: 'subscribeQueues', about: ['queues'], schema: SubscribeQueues },
  { name: 'subscribeSelection', about: ['name', 'label'], schema: SubscribeSelection },
  { name: 'unsubscribe', about: ['job'], schema: Unsubscribe },
  { name: 'unsubscribeQueues', about: ['queues'], schema: UnsubscribeQueues },
  { name: 'unsubscribeSelection', about: ['name', 'label'], schema: UnsubscribeSelection },
  { name: 'ping', about: [], schema: Ping },
] as const satisfies Command[]

export type ClientMessage = Static<(typeof commands)[number]['schema']>
