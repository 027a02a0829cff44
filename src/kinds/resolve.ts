import { accepts } from '../job/check.ts'
import type { Failure } from '../job/errors.ts'
import { explain, type FieldError } from '../job/explain.ts'
import { type Scope, TemplateError } from '../job/template/scope.ts'
import type { Template } from '../job/template/template.ts'
import type { Kind } from './kind.ts'
import { compileInput } from './template.ts'

export { redact } from '../job/template/redact.ts'

/** A task as the store has it. */
export interface Unresolved {
  kind: Kind
  /** Its input with its placeholders, or its item if there is a template; JSON text. */
  input: string
  template: string | undefined
  index: number
}

/** Where what placeholders stand for is found. */
export interface Sources {
  /** The output of a task of the same job, by key or index, as JSON text; undefined if it has none. */
  output(task: string): Promise<string | undefined>
  secret(name: string): string | undefined
}

export type Resolved =
  /** `secrets` are the values that went into the input: nothing that is kept or shown may hold them. */
  { input: unknown; secrets: string[] } | { error: Failure }

type Input = Record<string, unknown>

/**
 * The input of a task that has placeholders, for one attempt: each replaced, and the whole checked as it would have been
 * at submit without them. The errors are `template_failed` and `invalid_input`; neither holds a value if a secret was used.
 */
export const resolveInput = async (
  { kind, input: text, template: shared, index }: Unresolved,
  sources: Sources,
): Promise<Resolved> => {
  const template = shared === undefined ? compileJson(kind, text) : sharedTemplate(kind, shared)
  const secrets = new Set<string>()
  const scope: Scope = {
    index,
    ...(shared !== undefined && { item: { value: JSON.parse(text) as unknown } }),
    output: await outputsOf(template, sources),
    secret: (name) => {
      const value = sources.secret(name)
      if (value !== undefined) secrets.add(value)
      return value
    },
  }
  try {
    const input = template.render(scope)
    const errors = errorsOf(kind, input)
    return errors.length === 0
      ? { input, secrets: [...secrets] }
      : { error: invalidInput(secrets.size > 0 ? errors.map(withoutValue) : errors) }
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    const { message, placeholder, field } = error
    return { error: { code: 'template_failed', message, details: { placeholder, field } } }
  }
}

/** Where the input is, as the interface shows a task. */
const at = 'input'

const compileJson = (kind: Kind, text: string): Template<Input> =>
  compileInput(kind, JSON.parse(text) as Input, at)

/** The tasks of a job share a template, and a few jobs run at a time. */
const compiled = new Map<string, { kind: Kind; template: Template<Input> }>()
const mostCompiled = 100
/** Longer ones are not worth the memory. */
const longestCompiled = 65_536

const sharedTemplate = (kind: Kind, text: string): Template<Input> => {
  const known = compiled.get(text)
  if (known?.kind === kind) return known.template
  const template = compileJson(kind, text)
  if (text.length > longestCompiled) return template
  if (compiled.size === mostCompiled) compiled.clear()
  compiled.set(text, { kind, template })
  return template
}

/** Reads the outputs that the template asks for, each once. */
const outputsOf = async ({ uses }: Template, { output }: Sources): Promise<NonNullable<Scope['output']>> => {
  const outputs = new Map<string, { value: unknown }>()
  const asked = new Set(uses.flatMap(({ part }) => (part.source === 'tasks' ? [part.task] : [])))
  for (const task of asked) {
    const text = await output(task)
    if (text !== undefined) outputs.set(task, { value: JSON.parse(text) })
  }
  return (task) => outputs.get(task)
}

const errorsOf = (kind: Kind, input: Input): readonly FieldError[] =>
  accepts(kind.input, input) ? (kind.check?.(input, at) ?? []) : explain(kind.input, input, at)

const invalidInput = (errors: readonly FieldError[]): Failure => ({
  code: 'invalid_input',
  message: errors[0]?.message ?? 'The input is not valid.',
  details: { errors },
})

/** A message shows what it refuses, which may be the secret or hold it, whole or cut off. */
const withoutValue = ({ field }: FieldError): FieldError => ({
  field: placeOf(field),
  message: `"${placeOf(field)}" is not what is allowed there. Its value is not shown, because a secret is part of the input.`,
})

/** The field at the top of the input: the path below it may come from a value. */
const placeOf = (field: string): string => /^input(?:\.\w+|\['[^']*'\])?/.exec(field)?.[0] ?? at
