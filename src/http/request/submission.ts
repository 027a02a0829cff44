import { Problem, show } from '../../job/errors.ts'
import { type FieldError, invalid } from '../../job/explain.ts'
import { readBody } from './body.ts'
import { jsonOf } from './json.ts'
import type { MediaType } from './media-type.ts'
import { readItems, readParts } from './multipart.ts'
import { linesOf, readLine, readLines } from './ndjson.ts'
import { onLine, Rows } from './rows.ts'

/** A job as it came: as one JSON value, or with its tasks or items beside it. */
export interface Submission {
  value: unknown
  bytes: Uint8Array
  /** The line of the upload that a field of the job came from, if it came from one. */
  lineOf: (field: string) => number | undefined
}

type Read = Omit<Submission, 'bytes'>

const submissionTypes = [
  'application/json',
  'application/x-ndjson',
  'multipart/form-data',
] as const satisfies MediaType[]

/** Reads what was sent as a job. Throws the Problem that says why it cannot. */
export const readSubmission = async (request: Request, maxBytes: number): Promise<Submission> => {
  const { type, bytes } = await readBody(request, submissionTypes, maxBytes)
  switch (type) {
    case 'application/json':
      return { value: jsonOf(bytes, 'body'), lineOf: () => undefined, bytes }
    case 'application/x-ndjson':
      return { ...readJobLines(bytes), bytes }
    case 'multipart/form-data':
      return { ...readForm(bytes, request.headers.get('content-type') ?? '', maxBytes), bytes }
  }
}

/** Does what takes the submission for a job, and names the line in each error that it throws. */
export const namingLines = <T>({ lineOf }: Pick<Submission, 'lineOf'>, take: () => T): T => {
  try {
    return take()
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'invalid') throw error
    throw invalid(
      errorsOf(error).map(({ field, message }) => {
        const line = lineOf(field)
        return { field, message: line === undefined ? message : onLine(line, message) }
      }),
    )
  }
}

const readJobLines = (bytes: Uint8Array): Read => {
  const lines = linesOf(bytes)
  const { value: first = { number: 1, bytes: bytes.subarray(0, 0) } } = lines.next()
  const job = readLine(first, '')
  const rows = new Rows(isFields(job) && Object.hasOwn(job, 'each') ? 'each.items' : 'tasks')
  const lineOf = (field: string) => rows.lineOf(field) ?? 1
  // Refused ahead of the lines that follow, which are then not what they would be read as.
  namingLines({ lineOf }, () => refuseOwnRows(job, 'a line each'))
  readLines(lines, rows)
  return { value: withRows(job, rows), lineOf }
}

const readForm = (bytes: Uint8Array, contentType: string, maxBytes: number): Read => {
  const parts = readParts(bytes, contentType)
  // Of any content type: curl knows none for `.json`.
  const job = jsonOf(parts.job.bytes, 'part "job"')
  if (isFields(job) && !Object.hasOwn(job, 'each'))
    throw invalid([{ field: 'each', message: 'Expected "each" to be an object {"task"}, got nothing.' }])
  refuseOwnRows(job, 'in the part "items"')
  const rows = new Rows('each.items')
  readItems(parts.items, rows, maxBytes)
  return { value: withRows(job, rows), lineOf: (field) => rows.lineOf(field) }
}

const refuseOwnRows = (job: unknown, where: string): void => {
  if (!isFields(job)) return
  const { tasks, each } = job
  const refuse = (field: string, got: unknown, what: string) =>
    invalid([
      { field, message: `Expected no "${field}", as the ${what} are to come ${where}, got ${show(got)}.` },
    ])
  if (tasks !== undefined) throw refuse('tasks', tasks, each === undefined ? 'tasks' : 'items')
  if (isFields(each) && each.items !== undefined) throw refuse('each.items', each.items, 'items')
}

/** What is no object at all is left as it is, for its schema to refuse. */
const withRows = (job: unknown, { field, values }: Rows): unknown => {
  if (!isFields(job)) return job
  if (field === 'tasks') return { ...job, tasks: values }
  return isFields(job.each) ? { ...job, each: { ...job.each, items: values } } : job
}

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const errorsOf = ({ detail, extensions }: Problem): FieldError[] =>
  Array.isArray(extensions.errors) ? extensions.errors : [{ field: '', message: detail }]
