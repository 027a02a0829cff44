const headEnd = Buffer.from('\r\n\r\n')
const lastChunk = Buffer.from('\r\n0\r\n\r\n')

/** Where the HTTP response at the start of the bytes ends; undefined while some of it is missing. Throws unless it is a 2xx. */
export const responseEnd = (bytes: Buffer): number | undefined => {
  const head = bytes.indexOf(headEnd)
  if (head < 0) return undefined
  // HTTP/1.1 202
  if (bytes[9] !== 0x32) throw new Error(`Expected a 2xx, got: ${bytes.toString('latin1', 0, 500)}`)
  const text = bytes.toString('latin1', 0, head)
  const length = /content-length: ?(\d+)/i.exec(text)?.[1]
  if (length !== undefined) {
    const end = head + 4 + Number(length)
    return end <= bytes.length ? end : undefined
  }
  if (!/transfer-encoding: ?chunked/i.test(text))
    throw new Error(`Expected a body of a known end, got: ${text}`)
  const last = bytes.indexOf(lastChunk, head + 2)
  return last < 0 ? undefined : last + lastChunk.length
}
