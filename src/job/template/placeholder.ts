/** A value that is put in for it: `{{item.id}}`, `{{index}}`, `{{tasks.user.output.body.id}}`, `{{secrets.API_KEY}}`. */
export type Placeholder = { text: string } & (
  | { source: 'item'; path: readonly string[] }
  | { source: 'index' }
  /** `task` is the key, or the index, of a task named in `after`. */
  | { source: 'tasks'; task: string; path: readonly string[] }
  | { source: 'secrets'; name: string }
)

/** What stands between braces and is no placeholder. */
export interface BadPlaceholder {
  text: string
  source: 'unknown'
}

/** A string, cut at its placeholders. What is between them is as it will be read: `{{{{` has become `{{`. */
export type Part = string | Placeholder | BadPlaceholder

/** Whether a text has placeholders, or braces that are written twice so as to be none. Works for JSON text, too. */
export const hasPlaceholders = (text: string): boolean => text.includes('{{')

/**
 * Cuts a string at its placeholders. Four braces stand for two: of a run of braces each four are two literal ones, and
 * of the rest the last two open a placeholder. So `{{{{item}}` is the text `{{item}}`, and `{{{item}}}` is a value in
 * braces. Takes time linear in the text, whatever it is.
 */
export const partsOf = (text: string): Part[] => {
  const parts: Part[] = []
  let literal = ''
  let at = 0
  for (let open = text.indexOf('{{'); open !== -1; open = text.indexOf('{{', at)) {
    const braces = endOfBraces(text, open) - open
    literal += text.slice(at, open) + '{{'.repeat(braces >> 2) + (braces % 2 === 1 ? '{' : '')
    at = open + braces
    if (braces % 4 < 2) continue
    const part = readPlaceholder(text, at)
    if (literal !== '') parts.push(literal)
    literal = ''
    parts.push(part)
    at += part.text.length - 2
  }
  literal += text.slice(at)
  if (literal !== '' || parts.length === 0) parts.push(literal)
  return parts
}

const endOfBraces = (text: string, from: number): number => {
  let at = from
  while (text[at] === '{') at += 1
  return at
}

const inner = /[^{}]*\}\}/y
const mostShown = 80

/** The placeholder whose inside begins at `from`. */
const readPlaceholder = (text: string, from: number): Placeholder | BadPlaceholder => {
  inner.lastIndex = from
  const end = inner.test(text) ? inner.lastIndex : undefined
  if (end === undefined) {
    const line = /[^{}\n]*/.exec(text.slice(from, from + mostShown))?.[0] ?? ''
    return { text: `{{${line}`, source: 'unknown' }
  }
  return placeholderOf(`{{${text.slice(from, end)}`, text.slice(from, end - 2).trim())
}

const placeholderOf = (text: string, name: string): Placeholder | BadPlaceholder => {
  if (name === 'index') return { text, source: 'index' }
  const secret = /^secrets\.([A-Za-z_]\w*)$/.exec(name)?.[1]
  if (secret !== undefined) return { text, source: 'secrets', name: secret }
  const [, task, output] = /^tasks\.(.+?)\.output(?:\.(.+))?$/.exec(name) ?? []
  const [isItem, item] = /^item(?:\.(.+))?$/.exec(name) ?? []
  const path = (output ?? item)?.split('.') ?? []
  if (path.includes('')) return { text, source: 'unknown' }
  if (task !== undefined) return { text, source: 'tasks', task, path }
  return isItem === undefined ? { text, source: 'unknown' } : { text, source: 'item', path }
}

/** A placeholder as messages show it. */
export const shown = ({ text }: { text: string }): string =>
  text.length > mostShown ? `${text.slice(0, mostShown - 3).toWellFormed()}…` : text
