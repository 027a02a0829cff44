import type { Automaton } from './automaton.ts'

/** All places where the pattern can be at once. */
interface Places {
  /** Those that a character leads on from, or the end of the text. */
  states: readonly number[]
  done: boolean
  next: Map<string, Places>
}

const mostKept = 10_000

/**
 * Whether the pattern is found anywhere in the text. It follows all ways at once, so the time is proportional to the
 * length of the text, whatever the pattern; where it was before with the same character, it goes on from memory.
 */
export const search = (automaton: Automaton, text: string): boolean => {
  const known = new Map<string, Places>()
  let kept = 0
  const placesOf = (from: readonly number[]): Places => {
    const { states, done } = reach(automaton, from, false, false)
    const key = `${done} ${states.join()}`
    const before = known.get(key)
    if (before) return before
    const places = { states, done, next: new Map<string, Places>() }
    known.set(key, places)
    return places
  }
  const step = (places: Places, character: string): Places => {
    if (kept === mostKept) {
      for (const { next } of known.values()) next.clear()
      known.clear()
      kept = 0
    }
    kept += 1
    const led = places.states.flatMap((id) => {
      const state = automaton.states[id]
      return state?.type === 'character' && state.fits.test(character) ? [state.next] : []
    })
    // A match may begin at any character.
    const after = placesOf([...led, automaton.first])
    places.next.set(character, after)
    return after
  }

  let places: Places = { ...reach(automaton, [automaton.first], true, text === ''), next: new Map() }
  for (const character of text) {
    if (places.done) return true
    places = places.next.get(character) ?? step(places, character)
  }
  return places.done || reach(automaton, places.states, text === '', true).done
}

/** Everything that can be reached from there without a character. */
const reach = (
  { states }: Automaton,
  from: readonly number[],
  atStart: boolean,
  atEnd: boolean,
): { states: number[]; done: boolean } => {
  const seen = new Set<number>()
  const waiting: number[] = []
  const stack = [...from]
  let done = false
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    const state = states[id]
    if (!state || seen.has(id)) continue
    seen.add(id)
    if (state.type === 'done') done = true
    else if (state.type === 'fork') stack.push(...state.next)
    else if (state.type === 'start') stack.push(...(atStart ? [state.next] : []))
    else if (state.type === 'end' && atEnd) stack.push(state.next)
    else waiting.push(id)
  }
  return { states: waiting.sort((a, b) => a - b), done }
}
