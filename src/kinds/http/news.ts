import type { Clock } from '../../clock.ts'
import type { UpstreamNews } from '../kind.ts'
import type { HttpInput } from './input.ts'
import { quotasOf, tellsQuota } from './quota.ts'
import { isExpected } from './status.ts'
import { isRefusal, waitOf } from './wait.ts'

const none: readonly UpstreamNews[] = []

/**
 * What a response says to everyone who asks its server: its quotas, with any status, and to be left alone. That holds
 * for the queue, whatever the task itself makes of the wait.
 */
export const newsOf = (
  response: Response,
  input: Pick<HttpInput, 'expect' | 'retryOn'>,
  clock: Pick<Clock, 'now'>,
): readonly UpstreamNews[] => {
  const overloaded = isRefusal(response.status)
  const isHeard = overloaded || !isExpected(response.status, input.expect?.status)
  if (!isHeard && !tellsQuota(response.headers)) return none
  const now = clock.now()
  const quotas = quotasOf(response.headers, now)
  const pause = isHeard ? waitOf(response, input, now) : undefined
  if (quotas.length === 0 && !pause && !overloaded) return none
  const news = quotas.map((quota): UpstreamNews => ({ quota }))
  if (pause || overloaded) news.push({ ...(pause && { pause }), ...(overloaded && { overloaded }) })
  return news
}
