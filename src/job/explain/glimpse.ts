/** More than these never shows in the 80 characters that a message spends on a value. */
const depth = 3
const width = 30
const length = 100

/** A value, small enough to be put into words whatever its size: cut off in length, width and depth. */
export const glimpse = (value: unknown, level = 0): unknown => {
  if (typeof value === 'string') return value.slice(0, length)
  if (typeof value !== 'object' || value === null) return value
  if (level === depth) return '…'
  if (Array.isArray(value)) return value.slice(0, width).map((item) => glimpse(item, level + 1))
  const fields: [string, unknown][] = []
  for (const name in value) {
    if (fields.push([name.slice(0, length), glimpse(Reflect.get(value, name), level + 1)]) === width) break
  }
  return Object.fromEntries(fields)
}
