/** The bytes from `from` up to and without `to`. */
export interface Range {
  from: number
  to: number
}

/**
 * What a request asks for of so many bytes (RFC 9110, section 14). Undefined for the whole, as is right for several ranges, for
 * what cannot be read, and where `If-Range` names another version.
 */
export const rangeOf = (
  headers: Headers,
  etag: string,
  bytes: number,
): Range | 'unsatisfiable' | undefined => {
  const [, first = '', last = ''] =
    /^bytes=(\d{0,15})-(\d{0,15})$/.exec(headers.get('range')?.trim() ?? '') ?? []
  const onlyIf = headers.get('if-range')
  if ((first === '' && last === '') || (onlyIf !== null && onlyIf.trim() !== etag)) return undefined
  if (first === '') {
    const count = Math.min(Number(last), bytes)
    return count === 0 ? 'unsatisfiable' : { from: bytes - count, to: bytes }
  }
  const from = Number(first)
  const to = last === '' ? bytes : Math.min(Number(last) + 1, bytes)
  if (last !== '' && Number(last) < from) return undefined
  return from < bytes ? { from, to } : 'unsatisfiable'
}
