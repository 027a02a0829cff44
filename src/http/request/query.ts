import type { Static, TObject } from '@sinclair/typebox'
import { accepts } from '../../job/check.ts'
import { Problem } from '../../job/errors.ts'
import { explain, invalid } from '../../job/explain.ts'

/** The query of a URL, without its question mark. */
export const searchOf = (url: string): string => {
  const at = url.indexOf('#')
  const end = at < 0 ? url.length : at
  const from = url.indexOf('?')
  return from < 0 || from > end ? '' : url.slice(from + 1, end)
}

/** Reads the query of a URL as its schema says; only whole numbers are converted. Throws a Problem that names the parameter. */
export const readQuery = <T extends TObject>(schema: T, url: string): Static<T> => {
  const given = new Map<string, unknown>()
  for (const [name, text] of new URLSearchParams(searchOf(url))) {
    if (given.has(name)) throw new Problem('invalid', `Expected "${name}" once, got it more often.`)
    given.set(name, schema.properties[name]?.type === 'integer' && /^-?\d+$/.test(text) ? Number(text) : text)
  }
  const query: unknown = Object.fromEntries(given)
  if (accepts(schema, query)) return query
  throw invalid(explain(schema, query))
}
