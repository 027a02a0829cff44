import { show } from '../../job/errors.ts'
import { nearest } from '../../job/explain/nearest.ts'
import type { FieldError } from '../../job/explain.ts'
import { hasPlaceholders, type Placeholder, shown } from '../../job/template/placeholder.ts'
import type { Use } from '../../job/template/template.ts'

/** What placeholders may refer to in a task. */
export interface Reach {
  /** Whether it is made for an item. */
  item: boolean
  secrets: ReadonlySet<string>
  /** Whether it comes after the task of this key or index. */
  comesAfter: (task: string) => boolean
  /** Where to name tasks that it comes after. Undefined where it can come after none. */
  after: string | undefined
}

/** Each of them is resolved on every attempt. */
export const mostPlaceholders = 1_000

/** What is wrong with the placeholders of a task, whatever values they will have. */
export const placeholderErrors = (uses: readonly Use[], reach: Reach, at: string): FieldError[] => {
  if (uses.length > mostPlaceholders) {
    const message = `Expected "${at}" with at most ${mostPlaceholders} placeholders, got ${uses.length}.`
    return [{ field: at, message }]
  }
  return uses.flatMap((use) => {
    const why = flawOf(use, reach)
    if (why === undefined) return []
    return [
      {
        field: use.field,
        message: `The placeholder ${shown(use.part)} in "${use.field}" cannot be used: ${why}`,
      },
    ]
  })
}

/** Says what may stand in the fields that every task has: nothing, for they are needed before it runs. */
export const literalError = (field: string, text: string | undefined): FieldError | undefined => {
  if (text === undefined || !hasPlaceholders(text)) return undefined
  return { field, message: `Expected "${field}" without placeholders, got ${show(text)}.` }
}

const flawOf = ({ part, place }: Use, reach: Reach): string | undefined => {
  if (part.source === 'unknown') return place === 'literal' ? undefined : unknown(reach)
  if (place === 'literal') return 'this field is taken as it is.'
  if (place === 'name') return 'the name of a field may have none.'
  return unreachable(part, reach)
}

const unknown = ({ item, after }: Reach): string => {
  const all = [
    ...(item ? ['{{item}}', '{{item.NAME}}'] : []),
    '{{index}}',
    ...(after === undefined ? [] : ['{{tasks.KEY.output}}', '{{tasks.KEY.output.NAME}}']),
    '{{secrets.NAME}}',
  ]
  return `there are ${all.join(', ')}. Literal braces are written twice: "{{{{" is "{{".`
}

const unreachable = (part: Placeholder, reach: Reach): string | undefined => {
  switch (part.source) {
    case 'index':
      return undefined
    case 'item':
      return reach.item ? undefined : 'only the task of "each" has an item.'
    case 'tasks':
      if (reach.after === undefined) return 'the tasks of "each" come after none.'
      return reach.comesAfter(part.task)
        ? undefined
        : `"${reach.after}" does not name the task "${part.task}".`
    case 'secrets':
      return reach.secrets.has(part.name) ? undefined : noSecret(part.name, reach.secrets)
    default:
      return part satisfies never
  }
}

const noSecret = (name: string, secrets: ReadonlySet<string>): string => {
  const meant = nearest(name, [...secrets])
  const hint = meant === undefined ? `It would be set with SHEAF_SECRET_${name}.` : `Did you mean "${meant}"?`
  return `this server has no secret "${name}". ${hint}`
}
