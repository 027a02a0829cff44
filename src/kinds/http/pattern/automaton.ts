import { type Node, PatternFlaw } from './parse.ts'

/** A place in the pattern, from which it goes on: over a character, or without one. */
export type State =
  | { type: 'character'; fits: RegExp; next: number }
  | { type: 'fork'; next: readonly number[] }
  | { type: 'start' | 'end'; next: number }
  | { type: 'done' }

export interface Automaton {
  states: readonly State[]
  first: number
}

/** A character of the text costs at most this many steps. */
const mostStates = 500

/** Thompson's construction (Regular Expression Search Algorithm, 1968). Throws {@link PatternFlaw}. */
export const compile = (pattern: Node): Automaton => {
  const states: State[] = []
  const add = (state: State): number => {
    if (states.length >= mostStates) {
      throw new PatternFlaw(`of at most ${mostStates} characters once its repetitions are written out`)
    }
    return states.push(state) - 1
  }

  /** The place from which `node` leads to `next`. Built from the end. */
  const before = (node: Node, next: number): number => {
    switch (node.type) {
      case 'character':
        return add({ type: 'character', fits: node.fits, next })
      case 'sequence':
        // An empty one counts too, or `(){999999999}` would be repeated for as long as that takes.
        return node.parts.length === 0
          ? add({ type: 'fork', next: [next] })
          : node.parts.reduceRight((after, part) => before(part, after), next)
      case 'choice':
        return add({ type: 'fork', next: node.parts.map((part) => before(part, next)) })
      case 'repeat':
        return repeated(node, next)
      case 'start':
      case 'end':
        return add({ type: node.type, next })
      default:
        return node satisfies never
    }
  }
  const repeated = ({ part, least, most }: Extract<Node, { type: 'repeat' }>, next: number): number => {
    let after = most === Number.POSITIVE_INFINITY ? loop(part, next) : next
    // What may be left out leads straight to the end.
    for (let count = least; most !== Number.POSITIVE_INFINITY && count < most; count++)
      after = add({ type: 'fork', next: [before(part, after), next] })
    for (let count = 0; count < least; count++) after = before(part, after)
    return after
  }
  const loop = (part: Node, next: number): number => {
    const ways = [next]
    const fork = add({ type: 'fork', next: ways })
    ways.push(before(part, fork))
    return fork
  }
  const done = add({ type: 'done' })
  return { first: before(pattern, done), states }
}
