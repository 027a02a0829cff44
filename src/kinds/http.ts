import { type Clock, systemClock } from '../clock.ts'
import { createEgress, type Egress } from './egress/egress.ts'
import { RedirectFailed } from './egress/redirect.ts'
import { EgressRefused } from './egress/refused.ts'
import { ArtifactFailed, type Artifacts } from './http/artifacts.ts'
import { checkHttp } from './http/check.ts'
import { networkFailure } from './http/failure.ts'
import { HttpInput } from './http/input.ts'
import { newsOf } from './http/news.ts'
import { hostOf } from './http/origin.ts'
import { follow, mayLeadOn, requestOf, urlOf } from './http/request.ts'
import { type Asked, bodyFor, isToSave, resultOf, savedResultOf } from './http/response.ts'
import type { Kind, RunContext, RunResult } from './kind.ts'
import { aborted, failed, failedForGood } from './results.ts'

export { HttpInput } from './http/input.ts'

export interface HttpOptions {
  /** The guard that every request goes through. Default: one that lets nothing but public addresses be reached. */
  egress?: Egress
  /** What the waits that servers ask for are measured by. */
  clock?: Pick<Clock, 'now'>
  /** Where bodies are saved. Default: nowhere. */
  artifacts?: Artifacts | undefined
}

const defaultTimeoutMs = 30_000

interface Tools {
  egress: Egress
  clock: Pick<Clock, 'now'>
  artifacts: Artifacts | undefined
}

export const createHttp = ({
  egress = createEgress(),
  clock = systemClock,
  artifacts,
}: HttpOptions = {}): Kind<'http', typeof HttpInput> => ({
  name: 'http',
  input: HttpInput,
  urls: ['url'],
  timeoutMs: () => defaultTimeoutMs,
  queue: ({ url }) => queueOf(hostOf(url)),
  check: (input, at) => checkHttp(input, at, egress, artifacts !== undefined),
  // All that was asked for was answered and read, or cut off.
  letsGoOfSignal: true,
  run: (input, context) => send({ egress, clock, artifacts }, input, context),
})

/** Of the latest host: tasks that follow each other share one string. */
let latest = { host: '', queue: 'http:' }

const queueOf = (host: string): string => {
  if (host !== latest.host) latest = { host, queue: `http:${host}` }
  return latest.queue
}

/** Awaits by itself what every request takes, and not through functions that await it: five of those cost 4 µs of 20. */
const send = async (
  { egress, clock, artifacts }: Tools,
  input: HttpInput,
  context: RunContext,
): Promise<RunResult> => {
  const { job, index, attempt, waitedMs, signal } = context
  const first = urlOf(input)
  const request = requestOf(input, context.idempotencyKey, signal)
  let redirectedTo: string | undefined
  const onRedirect = (url: URL) => {
    redirectedTo = url.host
  }
  try {
    let response = await egress.fetch(first, request)
    let url = first
    if (mayLeadOn(response, input)) {
      const followed = await follow(egress, input, { answered: response, first, request, onRedirect })
      response = followed.response
      url = followed.url
    }
    for (const news of newsOf(response, input, clock)) context.upstream(news)
    const asked: Asked = { input, waitedMs, clock, url: url === first ? undefined : url }
    if (!isToSave(response, input)) return resultOf(response, await bodyFor(response, input), asked)
    if (!artifacts) throw new ArtifactFailed('this server saves nothing')
    return await savedResultOf(response, asked, (body, most) =>
      artifacts.save({ job, index, attempt }, body, most),
    )
  } catch (error) {
    if (signal.aborted) return aborted
    const failure = failureOf(error, input, redirectedTo ?? hostOf(input.url))
    if (failure) return failure
    throw error
  }
}

/** Undefined for what is a bug. */
const failureOf = (error: unknown, { retryOn }: HttpInput, host: string): RunResult | undefined => {
  if (error instanceof EgressRefused) return failedForGood(error.code, error.message, { ...error.details })
  if (error instanceof ArtifactFailed) return failed(error.code, error.message)
  if (error instanceof RedirectFailed) return failedForGood(error.code, error.message)
  const failure = networkFailure(error, host)
  return failure?.type === 'failed' && retryOn?.network === false ? { ...failure, retryable: false } : failure
}
