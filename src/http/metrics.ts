import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import type { Census } from '../engine/census.ts'
import type { Engine } from '../engine/engine.ts'
import { Problem } from '../job/errors.ts'
import type { Condition } from '../store/store.ts'
import { declared } from './declared.ts'
import { contentType, expose } from './metrics/exposition.ts'
import { families } from './metrics/families.ts'
import type { Scrape } from './metrics/family.ts'
import { usageOfProcess } from './metrics/process.ts'
import { mostQueues } from './metrics/queues.ts'
import type { RequestTally } from './metrics/requests.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'

/** What Prometheus asks for. */
export const metrics = (options: AppOptions, requests: RequestTally) =>
  new Elysia().get(
    '/metrics',
    async () =>
      new Response(expose(families, await scrape(options, requests)), {
        headers: { 'content-type': contentType },
      }),
    {
      response: {
        200: declared(Type.String(), {
          description:
            "What the server does and did, in Prometheus's text format. Counters begin with its start.",
          contentTypes: [contentType],
        }),
        ...problems(),
      },
      detail: { operationId: 'metrics', summary: 'Metrics for Prometheus', tags: ['probes'] },
    },
  )

const scrape = async ({ engine, streams }: AppOptions, requests: RequestTally): Promise<Scrape> => {
  const [census, files, usage] = await Promise.all([censusOf(engine), filesOf(engine), usageOfProcess()])
  const now = { tally: engine.tally, occupancy: engine.occupancy(), health: engine.health() }
  return { ...now, streams, requests, usage, census, files }
}

/** A database that cannot be read is when the rest is needed most; why it cannot, `sheaf_fault` and the log say. */
const censusOf = async (engine: Engine): Promise<Census | undefined> => {
  try {
    return await engine.census(mostQueues)
  } catch (error) {
    if (error instanceof Problem) return undefined
    throw error
  }
}

/** What is wrong with them, the log says already: they are looked at twice a second. */
const filesOf = async ({ store }: Engine): Promise<Condition | undefined> => {
  try {
    return await store.inspect?.(false)
  } catch {
    return undefined
  }
}
