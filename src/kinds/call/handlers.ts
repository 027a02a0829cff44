import type { TSchema } from '@sinclair/typebox'
import type { TypeCheck } from '@sinclair/typebox/compiler'
import { checkOf } from '../../job/check.ts'
import { nearest } from '../../job/explain/nearest.ts'
import type { Handler } from '../handler.ts'

/** A handler with its compiled checks. */
export interface Compiled {
  handler: Handler
  input: TypeCheck<TSchema>
  output: TypeCheck<TSchema> | undefined
}

/** The handlers of this server by name. Throws if two have the same name, or a schema cannot be compiled. */
export const compileHandlers = (handlers: readonly Handler[]): ReadonlyMap<string, Compiled> => {
  const byName = new Map<string, Compiled>()
  for (const handler of handlers) {
    const { name } = handler
    if (byName.has(name))
      throw new Error(`Expected each handler to have a name of its own, got two called "${name}".`)
    byName.set(name, compile(handler))
  }
  return byName
}

/** `The handlers are "resize", "notify".`, to follow the mention of a server and of a name that none of them has. */
export const hint = (name: string, names: readonly string[]): string => {
  if (names.length === 0) return 'It has none.'
  const meant = nearest(name, names)
  return meant === undefined ? `The handlers are ${listed(names)}.` : `Did you mean "${meant}"?`
}

/** More of them would be a page, not a hint. */
const mostListed = 20

const listed = (names: readonly string[]) =>
  names
    .slice(0, mostListed)
    .map((name) => `"${name}"`)
    .join(', ') + (names.length > mostListed ? ', …' : '')

const compile = (handler: Handler): Compiled => {
  try {
    return {
      handler,
      input: checkOf(handler.input),
      output: handler.output && checkOf(handler.output),
    }
  } catch (error) {
    throw new Error(`The schemas of the handler "${handler.name}" cannot be compiled.`, { cause: error })
  }
}
