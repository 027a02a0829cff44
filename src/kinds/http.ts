import { createEgress, type Egress } from './egress/egress.ts'
import { EgressRefused } from './egress/refused.ts'
import { checkHttp } from './http/check.ts'
import { networkFailure } from './http/failure.ts'
import { HttpInput } from './http/input.ts'
import { originOf } from './http/origin.ts'
import { requestOf, urlOf } from './http/request.ts'
import { resultOf } from './http/response.ts'
import type { Kind, RunContext, RunResult } from './kind.ts'
import { aborted, failedForGood } from './results.ts'

export { HttpInput } from './http/input.ts'

export interface HttpOptions {
  /** The guard that every request goes through. Default: one that lets nothing but public addresses be reached. */
  egress?: Egress
}

const defaultTimeoutMs = 30_000

export const createHttp = ({
  egress = createEgress(),
}: HttpOptions = {}): Kind<'http', typeof HttpInput> => ({
  name: 'http',
  input: HttpInput,
  timeoutMs: () => defaultTimeoutMs,
  queue: ({ url }) => `http:${hostOf(url)}`,
  check: (input, at) => checkHttp(input, at, egress),
  run: (input, context) => send(egress, input, context),
})

const send = async (
  egress: Egress,
  input: HttpInput,
  { idempotencyKey, signal }: RunContext,
): Promise<RunResult> => {
  try {
    const response = await egress.fetch(urlOf(input), requestOf(input, idempotencyKey, signal))
    return await resultOf(response, input)
  } catch (error) {
    if (signal.aborted) return aborted
    if (error instanceof EgressRefused) return failedForGood(error.code, error.message, { ...error.details })
    const failure = networkFailure(error, hostOf(input.url))
    if (!failure) throw error
    return failure
  }
}

const hostOf = (url: string): string => {
  const origin = originOf(url)
  return 'host' in origin ? origin.host : ''
}
