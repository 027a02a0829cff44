import { accepts } from '../../job/check.ts'
import { explain, type FieldError } from '../../job/explain.ts'
import { TaskCommon } from '../../job/spec.ts'
import { type Scope, TemplateError } from '../../job/template/scope.ts'
import { compileText, type Use } from '../../job/template/template.ts'
import { attempt, isLate } from './check.ts'

/** A name that the task of `each` gives to the task of each item, and that has to be known when that is stored. */
export interface Name {
  uses: readonly Use[]
  /** What it is for one item, or what is wrong with that. */
  of(scope: Scope): string | { errors: readonly FieldError[] }
}

/** `at` is the path of the task. Undefined where there is no such name. */
export const compileName = (
  field: 'key' | 'queue',
  text: string | undefined,
  at: string,
): Name | undefined => {
  if (text === undefined) return undefined
  const path = `${at}.${field}`
  const template = compileText(text, path)
  const schema = TaskCommon.properties[field]
  return {
    uses: template.uses,
    of(scope) {
      const value = attempt(() => template.render(scope))
      if (value instanceof TemplateError) return { errors: [{ field: value.field, message: value.message }] }
      const name = typeof value === 'number' ? String(value) : value
      return accepts(schema, name) ? name : { errors: explain(schema, name, path) }
    },
  }
}

/** What is wrong with the placeholders of names beyond what is wrong with any. */
export const nameErrors = (names: readonly Name[]): FieldError[] => {
  const late = names.flatMap(({ uses }) => uses.filter(({ part }) => isLate(part)))
  return late.map(({ field, part }) => ({
    field,
    message: `Expected "${field}" without secrets, got ${part.text}.`,
  }))
}
