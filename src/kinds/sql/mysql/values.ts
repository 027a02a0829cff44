/** The types of the protocol that a JavaScript date does not tell apart (include/field_types.h of MySQL). */
const timestamp = 7
const date = 10

/** A value, as Bun read it from MySQL, as JSON text. */
export const toJson = (value: unknown, type: number | undefined): string => {
  if (value instanceof Date) return dateJson(value, type)
  if (value instanceof Uint8Array) return `{"base64":"${Buffer.from(value).toString('base64')}"}`
  // A BIGINT comes as a string where it does not fit into 32 bits.
  if (type === bigint && typeof value === 'string' && Number.isSafeInteger(Number(value))) return value
  return JSON.stringify(value ?? null)
}

const bigint = 8

/** A DATE has no time, a DATETIME no zone; a TIMESTAMP comes in UTC. `0000-00-00` is no date: null. */
const dateJson = (value: Date, type: number | undefined): string => {
  if (Number.isNaN(value.getTime())) return 'null'
  const iso = value.toISOString()
  if (type === date) return `"${iso.slice(0, 10)}"`
  return type === timestamp ? `"${iso}"` : `"${iso.slice(0, -1)}"`
}
