import { Elysia } from 'elysia'
import { JobEvent, ProgressEvent, QueueEvent, TasksEvent } from '../job/events.ts'
import { QueueShape } from '../job/queue-wire.ts'
import { LimitsSpec } from '../job/queues.ts'
import { RetrySpec } from '../job/spec.ts'
import { UniqueSpec } from '../job/unique.ts'
import { WebhookSpec } from '../job/webhook.ts'
import { DeliveryShape, EndpointShape, WholeDeliveryShape } from '../job/webhook-wire.ts'
import { CountsShape, FailureShape, JobShape, ResultShape, TaskShape, WholeTaskShape } from '../job/wire.ts'
import { ScheduleShape, WholeScheduleSpec } from '../kinds/schedule.ts'
import { EachTaskSpec, JobSpec, TaskSpec } from '../kinds/spec.ts'
import { bearer, info } from './docs/info.ts'
import { toOpenApi } from './docs/openapi.ts'
import { pathsOf, type Routed } from './docs/paths.ts'
import { pagePolicy, swaggerAssets, swaggerPage } from './docs/swagger-ui.ts'
import { uploads } from './docs/uploads.ts'
import { variantsOf } from './docs/variants.ts'
import { ProblemShape } from './problem.ts'
import { pathParameters } from './request/params.ts'

/** Without one, the page would make one up that the server refuses. */
const example: JobSpec = {
  name: 'hello',
  tasks: [
    { kind: 'http', key: 'page', url: 'https://example.com' },
    { kind: 'sleep', ms: 250 },
  ],
}

const named = {
  JobSpec: { ...JobSpec, examples: [example] },
  TaskSpec,
  ...variantsOf(TaskSpec, 'Task'),
  EachTaskSpec,
  ...variantsOf(EachTaskSpec, 'EachTask'),
  RetrySpec,
  UniqueSpec,
  Limits: LimitsSpec,
  Queue: QueueShape,
  ScheduleSpec: WholeScheduleSpec,
  Schedule: ScheduleShape,
  WebhookSpec,
  Webhook: EndpointShape,
  Delivery: DeliveryShape,
  WholeDelivery: WholeDeliveryShape,
  Job: JobShape,
  Task: TaskShape,
  WholeTask: WholeTaskShape,
  Result: ResultShape,
  Counts: CountsShape,
  Failure: FailureShape,
  Problem: ProblemShape,
  JobEvent,
  TasksEvent,
  ProgressEvent,
  QueueEvent,
}

const documentation = {
  info,
  servers: [{ url: '/' }],
  tags: [
    { name: 'jobs', description: 'Submit jobs, and act on them.' },
    { name: 'tasks', description: 'What a job is made of.' },
    { name: 'results', description: 'What came of it.' },
    { name: 'queues', description: 'What limits how fast tasks run, and how they fare.' },
    { name: 'schedules', description: 'Jobs that are submitted again and again.' },
    { name: 'webhooks', description: 'Who is told of jobs, and whether they heard it.' },
    { name: 'handlers', description: 'What `call` tasks can run.' },
    { name: 'events', description: 'What happens, as it happens.' },
    { name: 'probes', description: 'For those who run the server.' },
  ],
  components: {
    securitySchemes: {
      bearer,
    },
  },
  security: [{}, { bearer: [] }],
}

/** The OpenAPI document of all routes at `/swagger/json`, and the page that shows it at `/swagger`. */
export const docs = (all: Routed) => {
  let document: string | undefined
  const write = () => {
    const emitted = { ...documentation, paths: pathsOf(all) }
    return JSON.stringify(toOpenApi(emitted, { named, inPath: pathParameters, uploads }))
  }
  const app = new Elysia()
    .get(
      '/swagger/json',
      () => {
        document ??= write()
        return new Response(document, { headers: { 'content-type': 'application/json' } })
      },
      { detail: { hide: true } },
    )
    .get(
      '/swagger',
      ({ path }) => new Response(swaggerPage(path.replace(/\/$/, '')), { headers: pageHeaders }),
      {
        detail: { hide: true },
      },
    )
  for (const [name, { type, body }] of Object.entries(swaggerAssets)) {
    const headers = {
      'content-type': type,
      'cache-control': 'max-age=3600',
      'x-content-type-options': 'nosniff',
    }
    app.get(`/swagger/${name}`, () => new Response(body(), { headers }), { detail: { hide: true } })
  }
  return app
}

const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': pagePolicy,
  'x-content-type-options': 'nosniff',
}
