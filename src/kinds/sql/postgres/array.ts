import type { ToJson } from './values.ts'

/**
 * Turns an array, as PostgreSQL prints it (`{1,NULL,3}`, `{{"a","b c"}}`, `[2:3]={1,2}`), into JSON text. Bounds are
 * left out. (https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO)
 */
export const arrayJson = (text: string, element: ToJson): string => {
  const start = text.indexOf('{')
  return start < 0
    ? JSON.stringify(text)
    : text.slice(start).replace(token, (part) => tokenJson(part, element))
}

/** A quoted element, an element without quotes, or a bracket or comma. */
const token = /"(?:[^"\\]|\\.)*"|[^{},"]+|[{},]/gs

const tokenJson = (part: string, element: ToJson): string => {
  if (part === '{') return '['
  if (part === '}') return ']'
  if (part === ',') return ','
  if (part.startsWith('"')) return element(part.slice(1, -1).replace(/\\(.)/gs, '$1'))
  return part.toUpperCase() === 'NULL' ? 'null' : element(part)
}
