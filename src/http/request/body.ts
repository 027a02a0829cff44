import { Problem, show } from '../../job/errors.ts'
import { limits } from '../../job/limits.ts'
import { Refusal } from '../problem.ts'
import { isDeeperThan } from './depth.ts'

export interface JsonBody {
  value: unknown
  bytes: Uint8Array
}

/** Reads the body of a request as JSON. Throws the Problem that says why it cannot. */
export const readJson = async (request: Request, maxBytes: number): Promise<JsonBody> => {
  refuseMediaType(request)
  const bytes = await readBytes(request, maxBytes)
  if (bytes.length === 0) throw noBody()
  if (isDeeperThan(limits.depth, bytes))
    throw new Problem('malformed', `Expected a body nested at most ${limits.depth} deep, got a deeper one.`)
  return { value: parse(decode(bytes)), bytes }
}

/** SHA-256, in hexadecimal. */
export const digestOf = (bytes: Uint8Array): string =>
  new Bun.CryptoHasher('sha256').update(bytes).digest('hex')

const refuseMediaType = (request: Request): void => {
  const type = request.headers.get('content-type')
  if (type === null && request.body === null) throw noBody()
  if (type === null || !/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type))
    throw new Refusal(
      'unsupported_media_type',
      `Expected "Content-Type" to be application/json, got ${type === null ? 'none' : show(type)}.`,
      { accept: 'application/json' },
    )
  const encoding = request.headers.get('content-encoding') ?? 'identity'
  if (encoding.toLowerCase() !== 'identity')
    throw new Refusal('unsupported_media_type', `Expected no "Content-Encoding", got ${show(encoding)}.`, {
      'accept-encoding': 'identity',
    })
}

/** A body of a length that is known is read at once, which takes half as long as in pieces. */
const readBytes = async (request: Request, most: number): Promise<Uint8Array> => {
  const announced = request.headers.get('content-length')
  if (announced !== null && Number(announced) > most) throw tooLarge(most, announced)
  try {
    return announced === null ? await readPieces(request, most) : await request.bytes()
  } catch (error) {
    throw error instanceof Problem
      ? error
      : new Problem('malformed', 'The body ended before it was complete.')
  }
}

const readPieces = async ({ body }: Request, most: number): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of body ?? []) {
    length += piece.length
    // Leaving the loop cancels the stream: what is still to come goes nowhere.
    if (length > most) throw tooLarge(most, 'more')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

const noBody = () => new Problem('malformed', 'Expected a JSON body, got none.')

const tooLarge = (most: number, got: string) =>
  new Problem('too_large', `Expected a body of at most ${most} bytes, got ${got}.`)

const decode = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Problem('malformed', 'Expected the body to be UTF-8, got other bytes.')
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason =
      error instanceof SyntaxError ? error.message.replace('JSON Parse error: ', '') : 'it cannot be parsed'
    throw new Problem('malformed', `Expected the body to be JSON: ${reason.slice(0, 100)}.`)
  }
}
