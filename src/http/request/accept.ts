/**
 * The media type out of `offered` that an `Accept` header prefers (RFC 9110, 12.5.1): of equals the one offered first.
 * Undefined when it takes none of them.
 */
export const acceptedOf = <T extends string>(header: string | null, offered: readonly T[]): T | undefined => {
  const ranges = (header?.trim() || '*/*').split(',').map(rangeOf)
  let best: { type: T; quality: number } | undefined
  for (const type of offered) {
    const quality = qualityOf(type, ranges)
    if (quality > (best?.quality ?? 0)) best = { type, quality }
  }
  return best?.type
}

interface Range {
  type: string
  quality: number
}

const rangeOf = (text: string): Range => {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
  return { type, quality: quality === undefined ? 1 : Number(quality) || 0 }
}

/** The most specific range that fits decides. */
const qualityOf = (type: string, ranges: readonly Range[]): number => {
  const fitting = [type, `${type.split('/')[0]}/*`, '*/*']
  for (const name of fitting) {
    const range = ranges.find((candidate) => candidate.type === name)
    if (range) return range.quality
  }
  return 0
}
