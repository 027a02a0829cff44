import { type Static, Type } from '@sinclair/typebox'
import { taskStates } from './state.ts'
import { webhookEvents } from './webhook.ts'
import { AttemptFailureShape, Count, FailureShape, Moment, oneOf } from './wire.ts'

export const endpointStates = ['enabled', 'disabled'] as const

/** Where webhooks deliver to: a URL, whatever jobs name it. */
export const EndpointShape = Type.Object({
  id: Type.String({ description: 'The same for the same URL.' }),
  url: Type.String(),
  state: oneOf(endpointStates, 'To one that is disabled nothing is sent: its deliveries are cancelled.'),
  counts: Type.Object(
    { pending: Count, delivered: Count, failed: Count },
    {
      description:
        'Its deliveries, those that are no longer kept included: not ended yet, succeeded, and failed or cancelled.',
    },
  ),
  createdAt: Moment('When it was first told of something.'),
  error: Type.Optional(FailureShape),
})

/** One message to one endpoint. */
export const DeliveryShape = Type.Object({
  id: Type.String({ description: 'The `webhook-id` of the message, the same on every attempt and replay.' }),
  webhook: Type.String({ description: 'The id of the endpoint.' }),
  job: Type.String({ format: 'uuid', description: 'The job that it tells of.' }),
  type: oneOf(webhookEvents),
  state: oneOf(taskStates, 'As of any task. What failed or was cancelled can be replayed.'),
  attempt: Type.Integer({ minimum: 0, description: 'The number of the latest attempt; 0 before the first.' }),
  runAt: Type.Optional(Moment('When it is tried next, of one that is queued.')),
  startedAt: Type.Optional(Moment('When the latest attempt started.')),
  finishedAt: Type.Optional(Moment('When it ended.')),
  error: Type.Optional(FailureShape),
})

export const WholeDeliveryShape = Type.Object({
  ...DeliveryShape.properties,
  payload: Type.Unknown({ description: 'What is posted.' }),
  failures: Type.Array(AttemptFailureShape, { description: 'Each attempt that failed.' }),
})

export type EndpointView = Static<typeof EndpointShape>
export type DeliveryView = Static<typeof DeliveryShape>
export type WholeDeliveryView = Static<typeof WholeDeliveryShape>
