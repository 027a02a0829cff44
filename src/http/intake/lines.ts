import { type JobMeta, parseJob, prepareJob } from '../../kinds/prepare.ts'
import type { JobRecord, NewJob, Submitted } from '../../store/store.ts'
import type { Accepted } from '../answer/submitted.ts'
import { namingLines } from '../request/lines.ts'
import { Rows, type RowsField } from '../request/rows.ts'
import { isFields, rowsAfter, withRows } from '../request/submission.ts'
import type { Upload } from '../request/upload.ts'
import { addRows, type Tools } from './add.ts'
import { acceptedBy, sayingHowFar } from './progress.ts'

interface Submission {
  meta: Omit<JobMeta, 'idempotency' | 'lines'>
  /** The idempotency key. */
  key: string | undefined
}

/**
 * Submits a job that comes as lines, a chunk of them at a time: the first makes the job, each other adds to it, and the last
 * seals it. A job of one chunk is stored as a whole, or not at all. Throws the Problem that says how far it got, if that is
 * further than nowhere: the job then takes more tasks until its time to be sealed has come.
 */
export const submitLines = async (
  upload: Upload,
  { meta, key }: Submission,
  tools: Tools,
): Promise<Accepted> => {
  const head = await upload.head()
  const rows = rowsAfter(head)
  const staysOpen = isFields(head) && head.sealed === false
  await upload.fill(rows, !staysOpen)
  const isAll = upload.ended
  const idempotency = key === undefined ? undefined : { key, digest: isAll ? upload.digest : undefined }
  const asked = namingLines({ lineOf: (field) => rows.lineOf(field) ?? 1 }, () =>
    prepareJob(parseJob(withRows(head, rows)), tools.kinds, {
      ...meta,
      idempotency,
      lines: isAll ? 'all' : 'first',
    }),
  )
  const submitted = await tools.engine.submit(asked)
  const isRepeat = submitted.type === 'pending' && !isAll
  const became = isRepeat ? await compare(upload, asked, { submitted, staysOpen }, tools) : submitted
  const made = await acceptedBy(tools.engine, asked, became)
  if (made.type !== 'created' || isAll) return made
  const { length } = rows.values
  const lines = { job: made.job, from: length, seal: !staysOpen, field: rows.field, start: length }
  return { type: 'created', job: await addLines(upload, lines, tools) }
}

/**
 * Whether a request is the one that came before with its key, which shows only when all of it has come. One whose last line
 * seals its job has not come in as a whole while that is open.
 */
const compare = async (
  upload: Upload,
  asked: NewJob,
  { submitted, staysOpen }: { submitted: Extract<Submitted, { type: 'pending' }>; staysOpen: boolean },
  { engine }: Tools,
): Promise<Submitted> => {
  const earlier = await engine.store.job(submitted.id)
  const isOpen = earlier?.sealed === false && !staysOpen
  if (asked.idempotency === undefined || isOpen) return submitted
  await upload.skip()
  const { key } = asked.idempotency
  const again = await engine.submit({ ...asked, idempotency: { key, digest: upload.digest } })
  // The key has had its day meanwhile; and what was skipped cannot be read again.
  return again.type === 'created' ? { type: 'pending', id: again.job.id } : again
}

interface Lines {
  job: JobRecord
  /** How many tasks the job is to have before these. Default: however many it has. */
  from: number | undefined
  /** Whether no more will come after these. */
  seal: boolean
  field: RowsField
  /** How many rows of the upload were read before. */
  start: number
}

/** Adds the lines of an upload to a job, a chunk at a time. */
export const addLines = async (
  upload: Upload,
  { job: first, from, seal, field, start }: Lines,
  tools: Tools,
): Promise<JobRecord> => {
  let job = first
  for (let read = start; ; ) {
    const rows = new Rows(field, read)
    await sayingHowFar(job, () => upload.fill(rows, false))
    const isLast = upload.ended
    const at = from === undefined ? undefined : from + read - start
    const digest = isLast ? upload.digest : undefined
    job = await addRows(rows, { job, from: at, seal: seal && isLast, digest }, tools)
    if (isLast) return job
    read += rows.values.length
  }
}
