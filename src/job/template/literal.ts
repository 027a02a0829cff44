import { hasPlaceholders } from './placeholder.ts'

/**
 * A copy of a JSON value in which nothing is a placeholder: what looks like one arrives as it is. For values of others
 * that become part of a task; the items of `each` need none, they are data in any case.
 */
export const literal = <T>(value: T): T => escaped(value) as T

const escaped = (value: unknown): unknown => {
  if (typeof value === 'string') return escapedText(value)
  if (Array.isArray(value)) return value.map(escaped)
  if (typeof value !== 'object' || value === null) return value
  // What has a JSON form of its own is that.
  if ('toJSON' in value && typeof value.toJSON === 'function') return escaped(value.toJSON())
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [escapedText(name), escaped(part)]))
}

const escapedText = (text: string): string => (hasPlaceholders(text) ? text.replaceAll('{{', '{{{{') : text)
