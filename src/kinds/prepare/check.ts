import type { TObject } from '@sinclair/typebox'
import { accepts, checkOf, typeOf } from '../../job/check.ts'
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
export const checkTemplate = (kind: Kind, template: Template<Input>, scope: Scope, at: string): Checked =>
  checkerOf(kind, template, scope, at)(scope)

/** The same for many scopes, in each of which the same is known as in this one; each costs only what depends on it. */
export const checkerOf = (
  kind: Kind,
  template: Template<Input>,
  known: Scope,
  at: string,
): ((scope: Scope) => Checked) => {
  const open = template.uses.filter((use) => isLeftOpen(use, known))
  const schema = open.length === 0 ? kind.input : templated(kind.input)
  const fits = checkOf(schema)
  const isSettled = template.uses.every(leavesPlace)
  let settled: string | undefined
  return (scope) => {
    const input = attempt(() => template.render(scope))
    if (input instanceof TemplateError) return { errors: [{ field: input.field, message: input.message }] }
    if (!fits.Check(input)) return { errors: explain(schema, input, at) }
    if (settled !== undefined) return { input, queue: settled }
    const errors = flawsOf(kind, input, open, at)
    if (errors.length > 0) return { errors }
    const queue = kind.queue(input)
    if (isSettled) settled = queue
    return { input, queue }
  }
}

/** Whether all that an item can change is what follows the origin of a URL: what its kind says of one is true of all. */
const leavesPlace = ({ part, isPastOrigin }: Use): boolean =>
  isPastOrigin || (part.source !== 'item' && part.source !== 'index')

/** What its kind finds wrong with an input, whatever the placeholders become that are open. */
const flawsOf = (kind: Kind, input: Input, open: readonly Use[], at: string): readonly FieldError[] => {
  const known = knownOf(kind.input, input)
  const errors = accepts(kind.input, known) ? (kind.check?.(known, at) ?? []) : []
  return errors.filter(({ field }) => !dependsOn(open, field, kind.input, at))
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
