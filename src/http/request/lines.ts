import { Problem } from '../../job/errors.ts'
import { type FieldError, invalid } from '../../job/explain.ts'
import { onLine } from './rows.ts'

export interface LineOf {
  /** The line of the upload that a field came from, if it came from one. */
  lineOf(field: string): number | undefined
}

/** Does what takes something that came in lines, and names the line in each error that it throws. */
export const namingLines = <T>(from: LineOf, take: () => T): T => {
  try {
    return take()
  } catch (error) {
    throw withLines(error, from)
  }
}

/** The error, with the line in each of its messages if it is one of fields. */
export const withLines = (error: unknown, from: LineOf): unknown => {
  if (!(error instanceof Problem) || error.code !== 'invalid') return error
  return invalid(
    errorsOf(error).map(({ field, message }) => {
      const line = from.lineOf(field)
      return { field, message: line === undefined ? message : onLine(line, message) }
    }),
  )
}

const errorsOf = ({ detail, extensions }: Problem): FieldError[] =>
  Array.isArray(extensions.errors) ? extensions.errors : [{ field: '', message: detail }]
