import { Problem } from '../../job/errors.ts'
import { limits } from '../../job/limits.ts'
import { Refusal } from '../problem.ts'
import { isDeeperThan } from './depth.ts'

export interface JsonBody {
  value: unknown
  bytes: Uint8Array
}

/** Reads the body of a request as JSON. Throws the Problem that says why it cannot. */
export const readJson = async (request: Request, maxBytes: number): Promise<JsonBody> => {
  if (request.body === null) throw new Problem('malformed', 'Expected a JSON body, got none.')
  refuseMediaType(request.headers)
  const bytes = await readBytes(request.headers, request.body, maxBytes)
  if (bytes.length === 0) throw new Problem('malformed', 'Expected a JSON body, got an empty one.')
  if (isDeeperThan(limits.depth, bytes))
    throw new Problem('malformed', `Expected a body nested at most ${limits.depth} deep, got a deeper one.`)
  return { value: parse(decode(bytes)), bytes }
}

/** SHA-256, in hexadecimal. */
export const digestOf = (bytes: Uint8Array): string =>
  new Bun.CryptoHasher('sha256').update(bytes).digest('hex')

const refuseMediaType = (headers: Headers): void => {
  const type = headers.get('content-type')
  if (type === null || !/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type))
    throw new Refusal(
      'unsupported_media_type',
      `Expected "Content-Type" to be application/json, got ${type ?? 'none'}.`,
      {
        accept: 'application/json',
      },
    )
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (encoding.toLowerCase() !== 'identity')
    throw new Refusal('unsupported_media_type', `Expected no "Content-Encoding", got ${encoding}.`, {
      'accept-encoding': 'identity',
    })
}

const readBytes = async (
  headers: Headers,
  body: ReadableStream<Uint8Array>,
  most: number,
): Promise<Uint8Array> => {
  const announced = Number(headers.get('content-length') ?? 0)
  if (announced > most) throw tooLarge(most, String(announced))
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of body) {
      length += chunk.length
      // Leaving the loop cancels the stream: the rest is not read into memory.
      if (length > most) break
      chunks.push(chunk)
    }
  } catch {
    throw new Problem('malformed', 'The body ended before it was complete.')
  }
  if (length > most) throw tooLarge(most, 'more')
  return Buffer.concat(chunks)
}

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
