import { type Automaton, compile } from './pattern/automaton.ts'
import { PatternFlaw, parsePattern } from './pattern/parse.ts'
import { search } from './pattern/search.ts'

/** How many UTF-16 units of a text are searched: a MiB takes some 50 ms, in which nothing else happens. */
export const mostSearched = 1_048_576
const mostKnown = 100

/** Tasks by the thousand share a pattern. */
const known = new Map<string, Automaton>()

/** What is wrong with a pattern, to follow the words "a regular expression"; undefined if it can be searched for. */
export const patternFlaw = (pattern: string): string | undefined => {
  try {
    automatonOf(pattern)
    return undefined
  } catch (error) {
    if (error instanceof PatternFlaw) return error.message
    throw error
  }
}

/**
 * Whether the pattern is found in the beginning of the text. In linear time: `RegExp` would take hours for `(a+)+$`, or for
 * `.*.*=.*`, and stop the server for as long (https://swtch.com/~rsc/regexp/regexp1.html).
 */
export const isFound = (pattern: string, text: string): boolean =>
  search(automatonOf(pattern), text.slice(0, mostSearched))

const automatonOf = (pattern: string): Automaton => {
  let automaton = known.get(pattern)
  if (!automaton) {
    automaton = compile(parsePattern(pattern))
    if (known.size === mostKnown) known.clear()
    known.set(pattern, automaton)
  }
  return automaton
}
