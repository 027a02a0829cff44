import type { HttpInput } from './input.ts'

type Parse = NonNullable<HttpInput['parse']>

/** The text of a body as JSON on one line, or undefined if it should be JSON and is not. `isJson` is what its type says. */
export const parsed = (text: string, isJson: boolean, parse: Parse = 'auto'): string | undefined => {
  if (text === '' || parse === 'none') return 'null'
  if (parse === 'text' || (parse === 'auto' && !isJson)) return JSON.stringify(text)
  try {
    JSON.parse(text)
  } catch {
    return undefined
  }
  // As it came: written anew, it would cost more and lose digits. A line break can only stand between tokens.
  return text.replace(/[\r\n]+/g, ' ')
}
