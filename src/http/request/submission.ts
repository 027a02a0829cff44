import { show } from '../../job/errors.ts'
import { invalid } from '../../job/explain.ts'
import { readBody } from './body.ts'
import { jsonOf } from './json.ts'
import { type LineOf, namingLines } from './lines.ts'
import type { MediaType } from './media-type.ts'
import { readItems, readParts } from './multipart.ts'
import { Rows } from './rows.ts'

/** A job as it came: as one JSON value, or with its tasks or items beside it. */
export interface Submission extends LineOf {
  value: unknown
  bytes: Uint8Array
}

type Read = Omit<Submission, 'bytes'>

/** What a job may be sent as. */
export const submissionTypes = [
  'application/json',
  'application/x-ndjson',
  'multipart/form-data',
] as const satisfies MediaType[]

const wholeTypes = ['application/json', 'multipart/form-data'] as const satisfies MediaType[]

/** Reads what was sent as a job in one piece. Throws the Problem that says why it cannot. */
export const readSubmission = async (request: Request, maxBytes: number): Promise<Submission> => {
  const { type, bytes } = await readBody(request, wholeTypes, maxBytes)
  return type === 'application/json'
    ? { value: jsonOf(bytes, 'body'), lineOf: () => undefined, bytes }
    : { ...readForm(bytes, request.headers.get('content-type') ?? '', maxBytes), bytes }
}

/** Where the lines belong that follow a job, which must have none of them itself. Throws a Problem if it has. */
export const rowsAfter = (job: unknown): Rows => {
  const rows = new Rows(isFields(job) && Object.hasOwn(job, 'each') ? 'each.items' : 'tasks')
  namingLines({ lineOf: () => 1 }, () => refuseOwnRows(job, 'a line each'))
  return rows
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
export const withRows = (job: unknown, { field, values }: Rows): unknown => {
  if (!isFields(job)) return job
  if (field === 'tasks') return { ...job, tasks: values }
  return isFields(job.each) ? { ...job, each: { ...job.each, items: values } } : job
}

export const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
