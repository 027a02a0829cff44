import { Problem } from '../../job/errors.ts'
import { limits } from '../../job/limits.ts'
import { isDeeperThan } from './depth.ts'

/** Reads JSON as UTF-8, no deeper than the limit. `noun` is what the Problem calls it: `body`, `line`. */
export const jsonOf = (bytes: Uint8Array, noun: string): unknown => {
  if (isDeeperThan(limits.depth, bytes))
    throw new Problem(
      'malformed',
      `Expected a ${noun} nested at most ${limits.depth} deep, got a deeper one.`,
    )
  return parse(textOf(bytes, noun), noun)
}

/** Drops the byte order mark, if there is one. */
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Throws the Problem that the bytes are no UTF-8. */
export const textOf = (bytes: Uint8Array, noun: string): string => {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new Problem('malformed', `Expected the ${noun} to be UTF-8, got other bytes.`)
  }
}

const parse = (text: string, noun: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason =
      error instanceof SyntaxError ? error.message.replace('JSON Parse error: ', '') : 'it cannot be parsed'
    throw new Problem('malformed', `Expected the ${noun} to be JSON: ${reason.slice(0, 100)}.`)
  }
}
