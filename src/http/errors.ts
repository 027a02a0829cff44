import { TypeGuard } from '@sinclair/typebox'
import { type NotFoundError, type ParseError, ValidationError } from 'elysia'
import type { Clock } from '../clock.ts'
import { Problem } from '../job/errors.ts'
import { explain, type FieldError, invalid } from '../job/explain.ts'
import type { Log } from '../log.ts'
import { problemResponse, Refusal } from './problem.ts'
import type { RouteTable } from './routes.ts'

export interface ErrorTools {
  routes: RouteTable
  clock: Clock
  log: Log
}

/**
 * The one place where something thrown becomes an answer. Elysia's own answers show the error's message, and the value that was
 * refused; ours show neither of what was not meant to be seen.
 */
export const answerError = (
  error: unknown,
  request: Request,
  { routes, clock, log }: ErrorTools,
): Response => {
  const { pathname } = new URL(request.url)
  if (isA<NotFoundError>(error, 'NOT_FOUND')) return answerUnrouted(request.method, pathname, routes)
  const problem = problemOf(error)
  if (problem) return problemResponse(problem, pathname)
  const instance = `urn:uuid:${clock.id()}`
  log.error('A request failed', { instance, method: request.method, path: pathname, error })
  return problemResponse(new Problem('internal', 'The server failed to answer. Its log says why.'), instance)
}

const problemOf = (error: unknown): Problem | undefined => {
  if (error instanceof Problem) return error
  if (error instanceof ValidationError && error.type !== 'response') return invalid(fieldErrors(error))
  if (isA<ParseError>(error, 'PARSE')) return new Problem('malformed', 'The body cannot be read.')
  return undefined
}

/** Our own routes check for themselves; this is for one that lets Elysia do it. */
const fieldErrors = ({ validator, value }: ValidationError): FieldError[] => {
  const schema: unknown = Reflect.get(validator, 'schema')
  return TypeGuard.IsSchema(schema) ? explain(schema, value) : []
}

/** Nothing is there, or something is that has other methods. */
const answerUnrouted = (method: string, path: string, routes: RouteTable): Response => {
  const allowed = routes.methodsAt(path)
  if (allowed.length === 0)
    return problemResponse(new Problem('not_found', `There is nothing at ${path}.`), path)
  const allow = allowed.join(', ')
  if (method === 'OPTIONS') return new Response(null, { status: 204, headers: { allow } })
  return problemResponse(
    new Refusal('method_not_allowed', `Expected one of ${allow} at ${path}, got ${method}.`, { allow }),
    path,
  )
}

const isA = <E extends { code: string }>(error: unknown, code: E['code']): error is E =>
  error instanceof Error && Reflect.get(error, 'code') === code
