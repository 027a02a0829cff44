import { checkHttp } from './http/check.ts'
import { networkFailure } from './http/failure.ts'
import { HttpInput } from './http/input.ts'
import { originOf } from './http/origin.ts'
import { requestOf, urlOf } from './http/request.ts'
import { resultOf } from './http/response.ts'
import type { Kind, RunContext, RunResult } from './kind.ts'
import { aborted } from './results.ts'

export { HttpInput } from './http/input.ts'

const defaultTimeoutMs = 30_000

export const http: Kind<'http', typeof HttpInput> = {
  name: 'http',
  input: HttpInput,
  timeoutMs: () => defaultTimeoutMs,
  queue: ({ url }) => `http:${hostOf(url)}`,
  check: checkHttp,
  run: (input, context) => send(input, context),
}

const send = async (input: HttpInput, { idempotencyKey, signal }: RunContext): Promise<RunResult> => {
  try {
    const response = await fetch(urlOf(input), requestOf(input, idempotencyKey, signal))
    return await resultOf(response, input)
  } catch (error) {
    if (signal.aborted) return aborted
    const failure = networkFailure(error, hostOf(input.url))
    if (!failure) throw error
    return failure
  }
}

const hostOf = (url: string): string => {
  const origin = originOf(url)
  return 'host' in origin ? origin.host : ''
}
