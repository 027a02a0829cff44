import { Type } from '@sinclair/typebox'
import { accepts } from '../../job/check.ts'
import { TaskKeys, TaskStates } from '../../job/commands.ts'
import { expected, Problem } from '../../job/errors.ts'
import { explain, invalid } from '../../job/explain.ts'
import { type Filter, filterOf } from '../../job/filter.ts'

/** The filters of a subscription, as they stand in a query. */
export const filterParameters = {
  states: Type.Optional(
    Type.String({ description: 'Only tasks in these states, such as `succeeded,failed`.' }),
  ),
  output: Type.Optional(
    Type.String({ description: '`false` leaves outputs out, and says only how long they are.' }),
  ),
  keys: Type.Optional(Type.String({ description: 'Only tasks of these keys, such as `a,b`.' })),
}

const Lists = Type.Object({ states: Type.Optional(TaskStates), keys: Type.Optional(TaskKeys) })
const outputs = new Map([
  ['true', true],
  ['false', false],
])

/** Undefined when everything is wanted. Throws a Problem that names the parameter. */
export const readFilter = (query: {
  states?: string
  output?: string
  keys?: string
}): Filter | undefined => {
  const lists = {
    ...(query.states !== undefined && { states: query.states.split(',') }),
    ...(query.keys !== undefined && { keys: query.keys.split(',') }),
  }
  if (!accepts(Lists, lists)) throw invalid(explain(Lists, lists))
  const output = outputs.get(query.output ?? 'true')
  if (output === undefined)
    throw new Problem('invalid', expected('output', 'to be true or false', query.output))
  return filterOf({ ...lists, output })
}
