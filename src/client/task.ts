import type { Static } from '@sinclair/typebox'
import type { PlaceholderText } from '../job/template/schema.ts'
import type { Handler } from '../kinds/handler.ts'
import type { TaskSpec } from '../kinds/spec.ts'

export { literal } from '../job/template/literal.ts'

declare const output: unique symbol

/** The same, and a time may also be a Date, which JSON writes as the server wants it. */
export type Dated<T> = { [Name in keyof T]: Name extends 'runAt' ? T[Name] | Date : T[Name] }

type Spec = Dated<TaskSpec>

/** A task to submit: plain JSON, of which TypeScript also knows what it will return. */
export type Task<Output = unknown> = Spec & { readonly [output]?: () => Output }

export type OutputOf<T> = T extends { readonly [output]?: () => infer Output } ? Output : unknown

/** What each of some tasks returns: a tuple of a tuple, an array of an array. */
export type Outputs<Tasks extends readonly Task[]> = { -readonly [I in keyof Tasks]: OutputOf<Tasks[I]> }

type SpecOf<Kind extends Spec['kind']> = Extract<Spec, { kind: Kind }>
export type HttpOptions = Omit<SpecOf<'http'>, 'kind' | 'url'>
export type SqlOptions = Omit<SpecOf<'sql'>, 'kind' | 'source' | 'query' | 'params'>
export type EmailOptions = Omit<SpecOf<'email'>, 'kind'>
export type SleepOptions = Omit<SpecOf<'sleep'>, 'kind' | 'ms'>
export type CallOptions = Omit<SpecOf<'call'>, 'kind' | 'handler' | 'input'>

/** What an `http` task returns. */
export interface HttpOutput<Body = unknown> {
  status: number
  /** Those asked for with `responseHeaders`, and `content-type`; names in lower case. */
  headers: Record<string, string>
  /** Parsed if it came as JSON, text if not, null if there was none; `parse` decides otherwise. */
  body: Body
  /** Where it came from, if redirects led elsewhere. */
  url?: string
}

/** What one returns that saves the body: `/jobs/:id/tasks/:task/artifact` has the bytes. */
export interface HttpSaved extends Omit<HttpOutput, 'body'> {
  /** The size, the content type, and the SHA-256 in hexadecimal. */
  artifact: { bytes: number; type: string; sha256: string }
}

/** Sends an HTTP request. Nobody checks that the body is a `Body`: it is what you say it is. */
export function http(url: string | URL, options: HttpOptions & { save: true }): Task<HttpSaved>
export function http<Body = unknown>(url: string | URL, options?: HttpOptions): Task<HttpOutput<Body>>
export function http(url: string | URL, options?: HttpOptions): Task {
  return { ...options, kind: 'http', url: String(url) }
}

/** What an `email` task returns. */
export interface EmailOutput {
  messageId: string
  accepted: string[]
  rejected: { address: string; response: string }[]
  response: string
}

/**
 * Sends a mail through the server's SMTP settings. `attachments: [{ artifact: 'report' }]` attaches what the `http` task of
 * that key or index saved (`save: true`), if this task comes `after` it.
 */
export const email = (message: EmailOptions): Task<EmailOutput> => ({ ...message, kind: 'email' })

/** What an `sql` task returns. */
export interface SqlOutput<Row = Record<string, unknown>> {
  /** The names of the columns, in order. */
  columns: string[]
  rows: Row[]
  /** How many rows were read, or changed by a statement that reads none. */
  rowCount: number
}

/** Runs one statement on a source of the server. Nobody checks that a row is a `Row`: it is what you say it is. */
export const sql = <Row = Record<string, unknown>>(
  source: string,
  query: string,
  params?: SpecOf<'sql'>['params'],
  options?: SqlOptions,
): Task<SqlOutput<Row>> => ({ ...options, kind: 'sql', source, query, ...(params && { params }) })

/** Waits. */
export const sleep = (ms: number | PlaceholderText, options?: SleepOptions): Task<null> => ({
  ...options,
  kind: 'sleep',
  ms,
})

/**
 * Runs a handler of the server: the value that `defineHandler` made, or its name. With a name,
 * `call<typeof thumbnail>('thumbnail', …)` takes the types from the handler and nothing else of it, so none of the
 * server's code gets into a browser; `call<string>('thumbnail', …)` says only what it returns.
 */
export function call<H extends Handler>(
  handler: H | H['name'],
  input: Static<H['input']>,
  options?: CallOptions,
): Task<Static<H['output'] & {}>>
export function call<Output = unknown>(
  handler: string,
  // The type of a handler is for the signature above: what it refuses must not fit here.
  input?: Output extends Handler ? never : unknown,
  options?: CallOptions,
): Task<Output>
export function call(handler: Handler | string, input?: unknown, options?: CallOptions): Task {
  const name = typeof handler === 'string' ? handler : handler.name
  return { ...options, kind: 'call', handler: name, ...(input !== undefined && { input }) }
}

/** A task for each of some items: what is submitted in place of an array of tasks. */
export interface Each<Output = unknown> {
  readonly items: readonly unknown[]
  readonly task: Task<Output>
  readonly [output]?: () => Output
}

/**
 * A task for each item, made by the server, so that what they share is sent once: `{{item}}`, `{{item.name}}` and
 * `{{index}}` in the task, and in its key, are replaced. Items are JSON, and nothing in them is a placeholder.
 */
export const each = <Output>(items: Iterable<unknown>, task: Task<Output>): Each<Output> => ({
  items: [...items],
  task,
})
