import type { Failure } from '../../job/errors.ts'
import { moveJob } from '../../job/ledger.ts'
import { defaultPriority } from '../../job/spec.ts'
import { type News, newsOf } from '../../job/webhook/news.ts'
import type { Webhook } from '../../job/webhook.ts'
import type { Books } from './books.ts'
import { insertTasks } from './insert.ts'
import type { OpenJob } from './rows.ts'
import { insertJob, open } from './submit.ts'

/** Enters what the webhook of a job is to be told of what has happened since it was told last, as tasks of its endpoint. */
export const announce = (books: Books, job: OpenJob, webhook: Webhook): void => {
  const known = books.known.get(job.number)
  const all = books.changes.get(job.number)?.tasks ?? []
  const change = { before: known?.state, tasks: all.slice(known?.tasks) }
  books.known.set(job.number, { state: job.state, tasks: all.length })
  const news = newsOf(webhook, job, change, books.now)
  if (news.length === 0) return
  const endpoint = endpointOf(books, webhook)
  insertTasks(books, books.queues, {
    job: endpoint,
    from: endpoint.counts.total,
    tasks: news.map((one) => ({
      key: one.id,
      kind: 'webhook',
      queue: webhook.queue,
      input: inputOf(webhook, one),
      after: undefined,
      options: undefined,
    })),
  })
  books.touch(endpoint)
}

/** Read once in a transaction, in which thousands of jobs may end that have the same. */
const endpointOf = (books: Books, webhook: Webhook): OpenJob => {
  const { endpoint: id } = webhook
  const endpoint = books.endpoints.get(id) ?? books.byId(id) ?? create(books, webhook)
  books.endpoints.set(id, endpoint)
  return endpoint
}

const create = (books: Books, { endpoint: id, url, keepMs }: Webhook): OpenJob => {
  const job = open(
    {
      id,
      name: undefined,
      rule: { mode: 'allSettled', tolerate: 0, quorum: 1 },
      concurrency: undefined,
      priority: defaultPriority,
      labels: {},
      defaults: {},
      timeoutMs: undefined,
      keepMs,
      idempotency: undefined,
      template: undefined,
      tasks: [],
    },
    books,
  )
  const endpoint: OpenJob = { ...job, endpoint: url, sealed: false }
  endpoint.number = insertJob(books, endpoint, {})
  books.created(endpoint)
  return endpoint
}

/** As JSON text. Nothing in it is a placeholder, whatever the job is called. */
const inputOf = ({ url, secret }: Webhook, { payload }: News): string =>
  JSON.stringify({ url, secret, payload }).replaceAll('{{', '{\\u007b')

/** What the end of a delivery means for its endpoint: it is to be forgotten later; and nothing more is sent to one that is gone. */
export const noteDelivery = (books: Books, endpoint: OpenJob, error?: Failure): void => {
  if (endpoint.keepMs !== undefined) endpoint.expiresAt ??= books.now + endpoint.keepMs
  books.touch(endpoint)
  if (error?.code !== 'webhook_gone' || !moveJob(endpoint, 'pause')) return
  endpoint.error = error
  books.moved(endpoint)
}

/** Why a delivery is not tried. */
export const disabled: Failure = {
  code: 'webhook_disabled',
  message: 'The endpoint is disabled, so nothing was sent there.',
}

/** How many deliveries a commit looks at, to forget those that were kept long enough. */
const mostForgotten = 1_000

/**
 * Forgets the oldest deliveries of an endpoint that were kept long enough. Returns whether to keep the endpoint itself: it has
 * others, or it is to be known that it is disabled.
 */
export const forgetDeliveries = (books: Books, endpoint: OpenJob): boolean => {
  const { statements, now } = books
  const { number: job, keepMs = Number.POSITIVE_INFINITY } = endpoint
  const oldest = statements.oldestDeliveries.all({ job, limit: mostForgotten })
  const isOver = (at: number | null): at is number => at !== null && at + keepMs <= now
  const kept = oldest.filter(({ finishedAt }) => !isOver(finishedAt))
  for (const { index, finishedAt } of oldest) {
    if (!isOver(finishedAt)) continue
    statements.forgetFailures.run({ job, index })
    statements.forgetDelivery.run({ job, index })
  }
  if (oldest.length < mostForgotten && kept.length === 0 && endpoint.state === 'running') return false
  const ends = kept.flatMap(({ finishedAt }) => finishedAt ?? [])
  const hasMore = oldest.length === mostForgotten && kept.length < oldest.length
  endpoint.expiresAt = hasMore ? now : ends.length === 0 ? undefined : Math.min(...ends) + keepMs
  books.touch(endpoint)
  return true
}
