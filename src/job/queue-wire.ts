import { type Static, Type } from '@sinclair/typebox'
import { LimitsSpec } from './queues.ts'
import { Count, Moment, oneOf } from './wire.ts'

export const queueStatuses = ['open', 'limited', 'paused', 'throttled', 'broken'] as const
const circuitStates = ['closed', 'open', 'probing'] as const

/** A queue, the same over REST, in events and in the client. */
export const QueueShape = Type.Object({
  name: Type.String({ description: 'A name; or the pattern of names that limits were set for.' }),
  status: oneOf(
    queueStatuses,
    [
      '`open` takes tasks; `limited` runs as many as it may; `paused` was paused by its limits; `throttled` waits as its',
      'upstream asked; `broken` waits because its upstream fails.',
    ].join(' '),
  ),
  waiting: Type.Integer({ minimum: 0, description: 'Tasks that are queued or blocked.' }),
  queued: Type.Integer({ minimum: 0, description: 'Tasks that are due, or will be at their `runAt`.' }),
  blocked: Type.Integer({ minimum: 0, description: 'Tasks that wait for others of their job.' }),
  running: Count,
  ratePerSecond: Type.Number({ minimum: 0, description: 'Tasks started a second, lately.' }),
  limits: Type.Object(LimitsSpec.properties, {
    description: 'What holds: what was set for this name, for the patterns it fits, and the defaults.',
  }),
  own: Type.Optional(
    Type.Object(LimitsSpec.properties, { description: 'What was set for exactly this name.' }),
  ),
  pausedAt: Type.Optional(Moment('Since when it is paused.')),
  throttle: Type.Optional(
    Type.Object(
      {
        throttledAt: Moment('When the upstream asked.'),
        endsAt: Moment('Until when nothing is started.'),
        why: Type.String(),
      },
      { description: 'The last time that the upstream asked to be left alone.' },
    ),
  ),
  quota: Type.Optional(
    Type.Object(
      {
        limit: Count,
        perMs: Type.Optional(Type.Integer({ minimum: 1 })),
        remaining: Count,
        resetAt: Type.Optional(Moment('When all of it is there again.')),
      },
      { description: 'What the upstream last said that it allows.' },
    ),
  ),
  adapted: Type.Optional(
    Type.Integer({ minimum: 1, description: 'How many at once it has found to be right, if it adapts.' }),
  ),
  circuit: Type.Optional(
    Type.Object(
      {
        state: oneOf(circuitStates),
        changedAt: Moment('Since when it is in this state.'),
        retryAt: Type.Optional(Moment('When the next probe is due.')),
      },
      { description: 'Whether its upstream works, of a queue with a `breaker`.' },
    ),
  ),
})

export type QueueView = Static<typeof QueueShape>
