/** How a promise settled, in a form that two of them can be compared by: with kinds, prototypes and the order of properties. */
export const settled = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => ({ fulfilled: shown(value) }),
    (reason) => ({ rejected: shown(reason) }),
  )

/** The same of one that may not settle. */
export const settledBy = async (
  promise: Promise<unknown>,
  turn: () => Promise<unknown>,
): Promise<unknown> => {
  const pending = { pending: true }
  const settlement = settled(promise)
  await turn()
  return Promise.race([settlement, pending])
}

const shown = (value: unknown): unknown => {
  if (value instanceof AggregateError)
    return { AggregateError: shown(value.errors), own: Object.hasOwn(value, 'errors') }
  // What a TypeError says is the engine's affair.
  if (value instanceof TypeError) return 'TypeError'
  // A reason of Sheaf's is a TaskError, which says more than the message.
  if (value instanceof Error) return { Error: value.message }
  if (Array.isArray(value)) return { array: [...value].map(shown), plain: isPlain(value, Array.prototype) }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, one]) => [key, shown(one)])
  return { entries, plain: isPlain(value, Object.prototype) }
}

const isPlain = (value: object, prototype: object) => Object.getPrototypeOf(value) === prototype
