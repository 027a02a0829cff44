import { type AppRig, echoing } from './rig.ts'

export const ndjson = { 'content-type': 'application/x-ndjson' }
export const text = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('')
export const many = (count: number, made: (index: number) => unknown = echoing) =>
  Array.from({ length: count }, (_, index) => made(index))

/** A request whose body the test writes, a piece at a time. */
export const sending = (rig: AppRig, path = '/jobs', headers: Record<string, string> = {}) => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const response = rig.send('POST', path, readable, { ...ndjson, ...headers })
  return {
    response,
    write: (...values: unknown[]) => writer.write(Buffer.from(text(...values))),
    end: () => writer.close(),
    break: () => writer.abort(new Error('The connection was lost')),
  }
}
