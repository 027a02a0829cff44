const quote = 0x22
const backslash = 0x5c

/**
 * Whether arrays and objects are nested deeper than `most` in JSON, as UTF-8. A cheap look ahead of JSON.parse: whatever
 * walks a parsed value recursively can then trust its depth. Of what is not JSON it says something, and JSON.parse refuses it.
 */
export const isDeeperThan = (most: number, bytes: Uint8Array): boolean => {
  if (bytes.length <= most) return false
  let depth = 0
  for (let at = 0; at < bytes.length; at += 1) {
    switch (bytes[at]) {
      case quote:
        at = endOfString(bytes, at)
        break
      case 0x5b: // [
      case 0x7b: // {
        depth += 1
        if (depth > most) return true
        break
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1
    }
  }
  return false
}

/** Where the string that opens at `from` ends; bytes of a longer UTF-8 sequence are never taken for ASCII. */
const endOfString = (bytes: Uint8Array, from: number): number => {
  let at = from + 1
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1
  return at
}
