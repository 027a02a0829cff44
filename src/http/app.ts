import { Elysia } from 'elysia'
import { actions } from './actions.ts'
import { additions } from './additions.ts'
import { artifact } from './artifact.ts'
import { asyncApi } from './asyncapi.ts'
import { channel, websocketOptions } from './channel.ts'
import { docs } from './docs.ts'
import { answerError } from './errors.ts'
import { events } from './events.ts'
import { originGuard, ticketGuard, tokenGuard } from './guard.ts'
import { handlers } from './handlers.ts'
import { jobs } from './jobs.ts'
import { RequestTally } from './metrics/requests.ts'
import { metrics } from './metrics.ts'
import type { AppOptions } from './options.ts'
import { probes } from './probes.ts'
import { queues } from './queues.ts'
import { idleSeconds } from './request/silence.ts'
import { results } from './results.ts'
import { root } from './root.ts'
import { RouteTable } from './routes.ts'
import { schedules } from './schedules.ts'
import { submit } from './submit.ts'
import { tasks } from './tasks.ts'
import { TicketOffice } from './ticket-office.ts'
import { tickets } from './tickets.ts'
import { webhookActions } from './webhook-actions.ts'
import { webhooks } from './webhooks.ts'

export type { AppOptions } from './options.ts'
export { Streams } from './streams.ts'

/** What Bun's server is told. Everything else that it would answer by itself, we answer. */
const serve = {
  /** Two servers would share the port, and nobody would know. */
  reusePort: false,
  /** Our own bound answers with a problem. */
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  /** Its error page shows the source. */
  development: false,
  idleTimeout: idleSeconds,
} as const

/** The HTTP interface, ready to listen. */
export const createApp = (options: AppOptions) => {
  const checkOrigin = options.guarded ? () => {} : originGuard(options.tokens)
  // For the types, nothing is in front of the paths: they are what a client sees of a server of our own.
  const prefix = (options.prefix ?? '') as ''
  const websocket = websocketOptions(options.socketIdleSeconds)
  const app = new Elysia({ normalize: false, prefix, serve, websocket })
  const office = new TicketOffice(options.clock)
  const requests = new RequestTally()
  const tools = { routes: new RouteTable(app), clock: options.clock, log: options.log }
  return (
    app
      // Typed as never: any other type would become part of what Eden takes for a success.
      .onError(({ error, request, route }) => {
        const answer = answerError(error, request, tools)
        requests.refused(route, answer.status)
        return answer as never
      })
      .onTransform(({ request, route }) => {
        requests.came(route, request.method)
        checkOrigin(request)
      })
      .use(probes(options))
      .use(docs(app))
      .use(asyncApi())
      .use(guarded(options, requests))
      .use(streamed(options, office))
      .use(ticketed(options, office))
      .use(administered(options))
  )
}

/**
 * Everything that needs a token, where there are any. An instance of its own: Elysia runs a hook for each route of its
 * instance, those that were added before it too.
 */
const guarded = (options: AppOptions, requests: RequestTally) => {
  const checkToken = tokenGuard(options.tokens, 'submit')
  return new Elysia()
    .onTransform(({ request }) => checkToken(request))
    .use(root(options))
    .use(metrics(options, requests))
    .use(handlers(options))
    .use(submit(options))
    .use(additions(options))
    .use(jobs(options))
    .use(actions(options))
    .use(tasks(options))
    .use(artifact(options))
    .use(results(options))
    .use(schedules(options))
    .use(webhooks(options))
}

/** What stays open and a page opens by itself. */
const streamed = (options: AppOptions, office: TicketOffice) => {
  const checkTicket = ticketGuard(options.tokens, office)
  return new Elysia()
    .onTransform(({ request }) => checkTicket(request))
    .use(events(options))
    .use(channel(options))
}

/** Whoever may read may ask for a ticket to read with. */
const ticketed = (options: AppOptions, office: TicketOffice) => {
  const checkToken = tokenGuard(options.tokens, 'read')
  return new Elysia().onTransform(({ request }) => checkToken(request)).use(tickets(options, office))
}

/** What changes how the jobs of everybody run. */
const administered = (options: AppOptions) => {
  const checkToken = tokenGuard(options.tokens, 'admin')
  return new Elysia()
    .onTransform(({ request }) => checkToken(request))
    .use(queues(options))
    .use(webhookActions(options))
}

export type App = ReturnType<typeof createApp>
