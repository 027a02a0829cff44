import type { HttpInput } from './input.ts'
import { isJson } from './is-json.ts'

type Parse = NonNullable<HttpInput['parse']>

/** The text of a body as JSON on one line, or undefined if it should be JSON and is not. `saysJson` is what its type says. */
export const parsed = (text: string, saysJson: boolean, parse: Parse = 'auto'): string | undefined => {
  if (text === '' || parse === 'none') return 'null'
  if (parse === 'text' || (parse === 'auto' && !saysJson)) return JSON.stringify(text)
  // As it came: written anew, it would cost more and lose digits. A line break can only stand between tokens.
  return isJson(text) ? text.replace(/[\r\n]+/g, ' ') : undefined
}
