import type { TSchema } from '@sinclair/typebox'
import { accepts } from './check.ts'
import { Problem } from './errors.ts'
import { type FieldError, findErrors, mostErrors } from './explain/find.ts'

export { type FieldError, mostErrors, unexpected } from './explain/find.ts'
export { worded } from './explain/words.ts'

/**
 * Says in words why a value does not fit its schema: the first {@link mostErrors} errors, none if it does fit.
 * `root` is the path of the value itself. Costs little more than checking the value, whatever its size.
 */
export const explain = (schema: TSchema, value: unknown, root = ''): FieldError[] => {
  const errors: FieldError[] = []
  if (!accepts(schema, value)) findErrors(schema, value, root, errors)
  return errors
}

/** The refusal of a request that has these errors. */
export const invalid = (errors: readonly FieldError[]): Problem => {
  const shown = errors.slice(0, mostErrors)
  return new Problem('invalid', shown[0]?.message ?? 'The request is not valid.', { errors: shown })
}
