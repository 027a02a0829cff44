import type { TObject } from '@sinclair/typebox'
import { accepts, typeOf } from '../../job/check.ts'
import type { Times } from '../../job/due.ts'
import { join } from '../../job/explain/path.ts'
import { explain, type FieldError } from '../../job/explain.ts'
import { shown } from '../../job/template/placeholder.ts'
import { templated } from '../../job/template/schema.ts'
import { isOpen, type Scope, TemplateError } from '../../job/template/scope.ts'
import type { Template, Use } from '../../job/template/template.ts'
import type { Kind } from '../kind.ts'
import type { Kinds } from '../kinds.ts'

/** What is known of all tasks of a job. */
export interface Known {
  /** What the server has, that tasks may ask for. */
  kinds: Kinds
  secrets: ReadonlySet<string>
  /** The queue of those that name none. */
  queue: string | undefined
  times: Times
}

type Input = Record<string, unknown>

/** What a template becomes as far as it is known, or what is wrong with it. */
export type Checked = { input: Input; queue: string } | { errors: readonly FieldError[] }

/**
 * Checks what a template becomes in this scope. What depends on placeholders that are open is left for when the task
 * runs; everything else is as it will be then.
 */
export const checkTemplate = (kind: Kind, template: Template<Input>, scope: Scope, at: string): Checked => {
  const input = attempt(() => template.render(scope))
  if (input instanceof TemplateError) return { errors: [{ field: input.field, message: input.message }] }
  const open = template.uses.filter((use) => isLeftOpen(use, scope))
  const schema = open.length === 0 ? kind.input : templated(kind.input)
  if (!accepts(schema, input)) return { errors: explain(schema, input, at) }
  const known = knownOf(kind.input, input)
  const errors = accepts(kind.input, known) ? (kind.check?.(known, at) ?? []) : []
  const certain = errors.filter(({ field }) => !dependsOn(open, field, kind.input, at))
  return certain.length > 0 ? { errors: certain } : { input, queue: kind.queue(input) }
}

/** A URL ends before what is open, and so is known. */
const isLeftOpen = ({ part, place }: Use, scope: Scope): boolean =>
  isOpen(part, scope) && (place === 'value' || (place === 'url' && !isLate(part)))

/** Whether a placeholder is replaced only when the task runs. */
export const isLate = ({ source }: Use['part']): boolean => source === 'tasks' || source === 'secrets'

/** What a template becomes, or why it cannot. */
export const attempt = <T>(action: () => T): T | TemplateError => {
  try {
    return action()
  } catch (error) {
    if (error instanceof TemplateError) return error
    throw error
  }
}

/** The input without the fields in which a placeholder stands for what is no string. */
const knownOf = (schema: TObject, input: Input): Input =>
  accepts(schema, input)
    ? input
    : Object.fromEntries(
        Object.entries(input).filter(([name, value]) => {
          const property = schema.properties[name]
          return property !== undefined && accepts(property, value)
        }),
      )

/**
 * Whether what is wrong with a field may be due to a placeholder: it stands there or, where the schema says nothing of
 * what is inside (such as the input of a handler), somewhere below.
 */
const dependsOn = (open: readonly Use[], field: string, { properties }: TObject, at: string): boolean =>
  open.some((use) => {
    if (isWithin(field, use.field)) return true
    if (!isWithin(use.field, field)) return false
    const top = Object.keys(properties).find((name) => isWithin(field, join(at, name)))
    const property = top === undefined ? undefined : properties[top]
    return property === undefined || typeOf(property) === 'Unknown'
  })

/** Whether a path is the other, or leads on from it. */
const isWithin = (path: string, other: string): boolean =>
  path.startsWith(other) && (path.length === other.length || /[.[]/.test(path[other.length] ?? ''))

/** The queue cannot wait: it decides when the task may run. */
export const queueError = (queue: string, uses: readonly Use[], at: string): FieldError | undefined => {
  const late = uses.find(({ part }) => isLate(part) && queue.includes(part.text))
  if (!late) return undefined
  const message = `Expected "${at}.queue" to be given, because the placeholder ${shown(late.part)} in "${late.field}" would decide it.`
  return { field: `${at}.queue`, message }
}
