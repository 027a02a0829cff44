import { hasEnded } from '../../job/state.ts'
import type { JobRecord, Store, TaskRecord } from '../../store/store.ts'
import { taskPages } from './task-pages.ts'
import { resultText } from './task-text.ts'

export const resultTypes = ['application/json', 'application/x-ndjson'] as const
export type ResultType = (typeof resultTypes)[number]

const frames = {
  'application/json': { open: '{"data":[', between: ',', close: '],"next":null}' },
  'application/x-ndjson': { open: '', between: '\n', close: '\n' },
} as const satisfies Record<ResultType, object>

/**
 * The results of an ended job, in input order, read from the store as fast as the reader takes them. What goes wrong on
 * the way is given to `failed`, and cuts the connection: the only way left to say that this is not all.
 */
export const resultStream = (
  store: Store,
  job: JobRecord,
  type: ResultType,
  failed: (error: unknown) => void,
): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder()
  const texts = resultTexts(store, job, type)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await texts.next()
          if (done) controller.close()
          else controller.enqueue(encoder.encode(value))
        } catch (error) {
          failed(error)
          throw error
        }
      },
      async cancel() {
        await texts.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}

async function* resultTexts(store: Store, job: JobRecord, type: ResultType): AsyncGenerator<string> {
  const { open, between, close } = frames[type]
  let sent = 0
  for await (const { data } of taskPages(store, job)) {
    refuseUnended(job, data)
    const page = data.map(resultText).join(between)
    yield sent === 0 ? open + page : data.length === 0 ? '' : between + page
    sent += data.length
  }
  // A job that was deleted on the way.
  if (sent !== job.counts.total) throw new Error(`Job ${job.id} lost tasks while its results were read`)
  if (sent > 0 || type === 'application/json') yield close
}

/** A job that was taken up again (`retry`) on the way has tasks that are not ended any more. */
const refuseUnended = (job: JobRecord, tasks: readonly TaskRecord[]) => {
  if (!tasks.every(({ state }) => hasEnded(state)))
    throw new Error(`Job ${job.id} was taken up again while its results were read`)
}
