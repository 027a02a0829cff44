import { type Static, Type } from '@sinclair/typebox'
import { dueFields } from './due.ts'
import { recordOf, worded } from './explain/words.ts'
import { Duration, oneOf, printable, strict, Text } from './fields.ts'
import { dependencyEnds } from './graph.ts'
import { limits } from './limits.ts'
import { modes, type Tolerance } from './modes.ts'
import { backoffs, defaultRetry } from './retry.ts'
import { UniqueSpec } from './unique.ts'
import { WebhookSpec } from './webhook.ts'

export const defaultPriority = 5
export const defaultSealTimeoutMs = 60_000

/** How many tasks one may come after. */
export const mostAfter = 1_000
/** Of a key or a queue with placeholders. */
const longestTemplate = 1_000

export const RetrySpec = Type.Object(
  {
    attempts: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.attempts,
        default: defaultRetry.attempts,
        description: 'How many times a task may be attempted in all, the first included.',
      }),
    ),
    backoff: Type.Optional(
      oneOf(backoffs, {
        default: defaultRetry.backoff,
        description: 'Whether the delay doubles with each failure or stays the same.',
      }),
    ),
    delayMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: limits.longestMs,
        default: defaultRetry.delayMs,
        description: 'The longest delay before the second attempt; the actual one is random (full jitter).',
      }),
    ),
    maxDelayMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: limits.longestMs,
        default: defaultRetry.maxDelayMs,
        description: 'What no delay exceeds, however often the task failed.',
      }),
    ),
  },
  { ...strict, description: 'What happens after a failed attempt.' },
)

export const Key = worded('a key', Type.String({ minLength: 1, maxLength: limits.keyLength }))
export const Index = worded('an index', Type.Integer({ minimum: 0, maximum: limits.tasks - 1 }))

const After = Type.Array(
  Type.Union([
    Key,
    Index,
    worded(
      'an object {"task", "on"}',
      Type.Object(
        {
          task: Type.Union([Key, Index]),
          on: Type.Optional(
            oneOf(dependencyEnds, {
              default: 'succeeded',
              description: 'Whether this task also runs if that one fails or is cancelled (`ended`).',
            }),
          ),
        },
        strict,
      ),
    ),
  ]),
  {
    maxItems: mostAfter,
    description: 'Tasks of this job, by key or index, that are to succeed before this one runs.',
  },
)

/** A pattern of names has a `*`, and a path would lose the other two. */
const QueueName = (description: string) =>
  worded(
    `a string of 1 to ${limits.nameLength} printable characters without "*" that is not "." or ".."`,
    Type.String({
      minLength: 1,
      maxLength: limits.nameLength,
      pattern: `^(?!\\.{1,2}$)(?!.*\\*)${printable}*$`,
      description,
    }),
  )

/** The fields that a task of any kind may have. */
export const TaskCommon = Type.Object(
  {
    key: Type.Optional(
      worded(
        `a string of 1 to ${limits.keyLength} printable characters that is not a whole number, "." or ".."`,
        Type.String({
          minLength: 1,
          maxLength: limits.keyLength,
          // A key stands where an index may stand, in a URL: it looks like no number, and like no relative path.
          pattern: `^(?![+-]?\\d+$)(?!\\.{1,2}$)${printable}*$`,
          description: 'A name for the task, unique in its job, that works wherever its index does.',
        }),
      ),
    ),
    queue: Type.Optional(
      QueueName('The queue that the task runs in. Default: that of its job; or one derived from its kind.'),
    ),
    retry: Type.Optional(RetrySpec),
    timeoutMs: Type.Optional(
      Duration(1, limits.longestAttemptMs, 'How long one attempt may take; the default depends on the kind.'),
    ),
    ...dueFields('from the start of the job'),
    after: Type.Optional(After),
  },
  strict,
)

const { key: _, queue: __, after: ___, ...common } = TaskCommon.properties

/** The fields that the task of `each` may have, whatever its kind. */
export const EachCommon = Type.Object(
  {
    key: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: longestTemplate,
        description: 'A name for each of the tasks, such as `user-{{item.id}}`; unique in the job.',
      }),
    ),
    queue: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: longestTemplate,
        description: 'The queue of each of the tasks, such as `tenant-{{item.tenant}}`.',
      }),
    ),
    ...common,
  },
  strict,
)

const Tolerate = Type.Union(
  [
    Type.Integer({ minimum: 0, maximum: limits.tasks }),
    worded(
      'a share such as "5%"',
      Type.Unsafe<Exclude<Tolerance, number>>(Type.String({ pattern: '^(100|\\d{1,2}(\\.\\d{1,3})?)%$' })),
    ),
  ],
  {
    default: 0,
    description: 'Mode `all`: how many tasks, or what share of them, may fail before the job does.',
  },
)

const Labels = recordOf(
  worded(
    '1 to 100 letters, digits and any of . _ / -, a letter or digit first',
    Type.String({ pattern: '^[A-Za-z0-9][\\w./-]{0,99}$' }),
  ),
  Text(0, limits.nameLength),
  { maxProperties: limits.labels, description: 'Names and values of your own, to find the job by.' },
)

/** The fields of a job beside its tasks. */
export const JobCommon = Type.Object(
  {
    name: Type.Optional(
      Text(1, limits.nameLength, { description: 'What the job is called; need not be unique.' }),
    ),
    mode: Type.Optional(
      oneOf(modes, {
        default: 'allSettled',
        description: 'How outcomes gather, by the JavaScript function of that name on Promise.',
      }),
    ),
    tolerate: Type.Optional(Tolerate),
    quorum: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.tasks,
        default: 1,
        description: 'Mode `any`: how many tasks must succeed.',
      }),
    ),
    concurrency: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.concurrency,
        description: 'How many tasks of this job may run at once; the server has a bound of its own.',
      }),
    ),
    queue: Type.Optional(QueueName('The queue of its tasks that name none themselves.')),
    ...dueFields('from the submission'),
    unique: Type.Optional(UniqueSpec),
    webhook: Type.Optional(WebhookSpec),
    priority: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 9,
        default: defaultPriority,
        description: 'The weight of the job when jobs take turns: 9 gets the most.',
      }),
    ),
    timeoutMs: Type.Optional(
      Duration(
        1,
        limits.longestMs,
        'From the submission, or the start of a delayed job, to the outcome: what has not ended by then is cancelled.',
      ),
    ),
    retry: Type.Optional(RetrySpec),
    labels: Type.Optional(Labels),
    keepMs: Type.Optional(Duration(0, limits.longestMs, 'How long the job is kept after its end.')),
    sealed: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'Whether these are all its tasks. With `false` it takes more until it is sealed.',
      }),
    ),
    sealTimeoutMs: Type.Optional(
      Duration(
        1,
        limits.longestMs,
        `With \`sealed: false\`: after how long without more tasks it is sealed. Default: ${defaultSealTimeoutMs}.`,
      ),
    ),
  },
  strict,
)

export type RetrySpec = Static<typeof RetrySpec>
export type TaskCommon = Static<typeof TaskCommon>
export type EachCommon = Static<typeof EachCommon>
export type After = NonNullable<TaskCommon['after']>[number]
export type JobCommon = Static<typeof JobCommon>
