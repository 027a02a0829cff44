import { Elysia } from 'elysia'
import type { Engine } from '../engine/engine.ts'
import { Problem } from '../job/errors.ts'
import { DeliveryShape, EndpointShape } from '../job/webhook-wire.ts'
import type { Action } from '../store/store.ts'
import { type Endpoint, isEndpoint, viewDelivery, viewEndpoint } from './answer/webhooks.ts'
import { declared } from './declared.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'
import { findDelivery, findEndpoint, noEndpoint } from './request/endpoint.ts'

const tags = ['webhooks']

/** What changes whom messages reach. */
export const webhookActions = ({ engine }: AppOptions) =>
  new Elysia()
    .post(
      '/webhooks/:webhook/enable',
      async ({ params }) => viewEndpoint(await act(engine, params.webhook, { type: 'resume' })),
      {
        ...acting('The endpoint, to which messages are sent from now on. Those before can be replayed.'),
        detail: { operationId: 'enableWebhook', summary: 'Enable an endpoint', tags },
      },
    )
    .post(
      '/webhooks/:webhook/disable',
      async ({ params }) => viewEndpoint(await act(engine, params.webhook, { type: 'pause' })),
      {
        ...acting('The endpoint. What was not delivered yet is cancelled, and so is what comes.'),
        detail: {
          operationId: 'disableWebhook',
          summary: 'Send nothing to an endpoint',
          description: 'As an endpoint does by itself that answers 410 Gone.',
          tags,
        },
      },
    )
    .post(
      '/webhooks/:webhook/replay',
      async ({ params }) => viewEndpoint(await act(engine, params.webhook, { type: 'retry' })),
      {
        ...acting(
          'The endpoint. Of deliveries that failed or were cancelled, the oldest 5,000 are queued again.',
        ),
        detail: { operationId: 'replayDeliveries', summary: 'Replay what an endpoint did not get', tags },
      },
    )
    .post(
      '/webhooks/:webhook/deliveries/:delivery/replay',
      async ({ params }) => {
        const { store } = engine
        const endpoint = await findEndpoint(store, params.webhook)
        const { index, state } = await findDelivery(store, endpoint, params.delivery)
        if (state !== 'failed' && state !== 'cancelled')
          throw new Problem(
            'conflict',
            `Expected a delivery that failed or was cancelled to replay, got one that is ${state}.`,
          )
        await act(engine, params.webhook, { type: 'retry', task: index })
        return viewDelivery(await findDelivery(store, endpoint, params.delivery), endpoint)
      },
      {
        parse: 'none',
        response: {
          200: declared(DeliveryShape, {
            description: 'The delivery, queued again with all its attempts and under the same id.',
          }),
          ...problems('not_found', 'conflict', 'unavailable'),
        },
        detail: { operationId: 'replayDelivery', summary: 'Replay a delivery', tags },
      },
    )

const acting = (description: string) => ({
  parse: 'none' as const,
  response: {
    200: declared(EndpointShape, { description }),
    ...problems('not_found', 'conflict', 'unavailable'),
  },
})

const act = async (engine: Engine, id: string, action: Omit<Action, 'job'>): Promise<Endpoint> => {
  await findEndpoint(engine.store, id)
  const acted = await engine.act({ ...action, job: id })
  if (acted.type === 'missing' || !isEndpoint(acted.job)) throw noEndpoint(id)
  if (acted.type === 'refused')
    throw new Problem('conflict', 'Expected an endpoint that is enabled to replay what it did not get.')
  return acted.job
}
