import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { DeliveryShape, EndpointShape, WholeDeliveryShape } from '../job/webhook-wire.ts'
import { listOf, TaskStateName } from '../job/wire.ts'
import { isEndpoint, viewDelivery, viewEndpoint, viewWholeDelivery } from './answer/webhooks.ts'
import { declared } from './declared.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'
import { fromCursor, fromNameCursor, toCursor, toNameCursor } from './request/cursor.ts'
import { findDelivery, findEndpoint } from './request/endpoint.ts'
import { findJob } from './request/lookup.ts'
import { defaultLimit, paging } from './request/params.ts'
import { readQuery } from './request/query.ts'

const Paging = Type.Object(paging, { additionalProperties: false })
const DeliveriesQuery = Type.Object(
  { state: Type.Optional(TaskStateName), ...paging },
  { additionalProperties: false },
)

const tags = ['webhooks']

/** Where webhooks deliver to, and what became of that. */
export const webhooks = (options: AppOptions) => new Elysia().use(endpoints(options)).use(deliveries(options))

const endpoints = ({ engine: { store } }: AppOptions) =>
  new Elysia()
    .get(
      '/webhooks',
      async ({ request }) => {
        const { cursor, limit = defaultLimit } = readQuery(Paging, request.url)
        const after = fromNameCursor('webhooks', cursor)
        // One more than are shown: the one that says that there is another page.
        const read = await store.endpoints({ after, limit: limit + 1 })
        const shown = read.slice(0, limit).filter(isEndpoint)
        const last = read.length > limit ? shown.at(-1) : undefined
        return {
          data: shown.map(viewEndpoint),
          next: last === undefined ? null : toNameCursor('webhooks', last.id),
        }
      },
      {
        query: declared(Paging),
        response: {
          200: declared(listOf(EndpointShape), {
            description: 'Each URL that was told of something, by id.',
          }),
          ...problems('invalid'),
        },
        detail: { operationId: 'listWebhooks', summary: 'List the endpoints of webhooks', tags },
      },
    )
    .get(
      '/webhooks/:webhook',
      async ({ params }) => viewEndpoint(await findEndpoint(store, params.webhook)),
      {
        response: {
          200: declared(EndpointShape, { description: 'The endpoint as it stands.' }),
          ...problems('not_found'),
        },
        detail: { operationId: 'getWebhook', summary: 'Get an endpoint of webhooks', tags },
      },
    )

const deliveries = ({ engine: { store } }: AppOptions) =>
  new Elysia()
    .get(
      '/webhooks/:webhook/deliveries',
      async ({ params, request }) => {
        const { state, cursor, limit = defaultLimit } = readQuery(DeliveriesQuery, request.url)
        const from = fromCursor('tasks', cursor)
        const endpoint = await findEndpoint(store, params.webhook)
        const { data, next } = await store.tasks(endpoint, { state, from, limit })
        const deliveries = await Promise.all(data.map(({ index }) => store.task(endpoint, { index })))
        return {
          data: deliveries.flatMap((task) => (task ? viewDelivery(task, endpoint) : [])),
          next: next === undefined ? null : toCursor('tasks', next),
        }
      },
      {
        query: declared(DeliveriesQuery),
        response: {
          200: declared(listOf(DeliveryShape), {
            description: 'What is kept of its deliveries, the oldest first.',
          }),
          ...problems('not_found', 'invalid'),
        },
        detail: { operationId: 'listDeliveries', summary: 'List the deliveries to an endpoint', tags },
      },
    )
    .get(
      '/webhooks/:webhook/deliveries/:delivery',
      async ({ params }) => {
        const endpoint = await findEndpoint(store, params.webhook)
        const task = await findDelivery(store, endpoint, params.delivery)
        return viewWholeDelivery(task, endpoint, await store.failures(endpoint, task.index))
      },
      {
        response: {
          200: declared(WholeDeliveryShape, {
            description: 'The delivery, with its payload and each attempt that failed.',
          }),
          ...problems('not_found'),
        },
        detail: { operationId: 'getDelivery', summary: 'Get a delivery', tags },
      },
    )
    .get(
      '/jobs/:id/deliveries',
      async ({ params, request }) => {
        const { cursor, limit = defaultLimit } = readQuery(Paging, request.url)
        const after = fromNameCursor('deliveries', cursor)
        const { id, webhook } = await findJob(store, params.id)
        const endpoint = webhook && (await store.job(webhook.endpoint))
        if (endpoint === undefined || !isEndpoint(endpoint)) return { data: [], next: null }
        const read = await store.deliveriesOf(endpoint, { job: id, after, limit: limit + 1 })
        const shown = read.slice(0, limit).map((task) => viewDelivery(task, endpoint))
        const last = read.length > limit ? shown.at(-1) : undefined
        return { data: shown, next: last === undefined ? null : toNameCursor('deliveries', last.id) }
      },
      {
        query: declared(Paging),
        response: {
          200: declared(listOf(DeliveryShape), { description: 'In the order in which it happened.' }),
          ...problems('not_found', 'invalid'),
        },
        detail: {
          operationId: 'listJobDeliveries',
          summary: 'List what the webhook of a job was told',
          tags,
        },
      },
    )
