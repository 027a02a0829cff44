/** A value as JSON text, or why JSON cannot express it. */
export type Json = { text: string } | { flaw: string }

/**
 * `undefined` becomes null, as it does in an array. What `JSON.stringify` would leave out without a word (a function,
 * a symbol) is refused like what it throws at (a BigInt, a cycle).
 */
export const toJson = (value: unknown): Json => {
  if (value === undefined) return { text: 'null' }
  try {
    return { text: JSON.stringify(value, refuse) ?? 'null' }
  } catch (error) {
    return { flaw: error instanceof Error ? error.message : String(error) }
  }
}

const refuse = (name: string, value: unknown): unknown => {
  const type = typeof value
  if (type !== 'function' && type !== 'symbol' && type !== 'bigint') return value
  throw new TypeError(`JSON has no ${type}${name === '' ? '' : `, as found in "${name}"`}.`)
}
