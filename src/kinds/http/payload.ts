import type { HttpInput } from './input.ts'

/** What is sent as the body of a request, and what it is unless the headers say otherwise. */
export interface Payload {
  body: string | Uint8Array<ArrayBuffer>
  type: string
}

/** The fields that are bodies; a task has one of them at most. */
export const payloads = ['json', 'text', 'form', 'base64'] as const satisfies (keyof HttpInput)[]

export const formType = 'application/x-www-form-urlencoded'

export const payloadOf = ({ json, text, form, base64 }: HttpInput): Payload | undefined => {
  if (json !== undefined) return { body: JSON.stringify(json), type: 'application/json' }
  if (text !== undefined) return { body: text, type: 'text/plain;charset=utf-8' }
  if (form !== undefined) return { body: encoded(form), type: formType }
  if (base64 !== undefined) return { body: Buffer.from(base64, 'base64'), type: 'application/octet-stream' }
  return undefined
}

const encoded = (form: NonNullable<HttpInput['form']>): string => {
  const fields = Object.entries(form).flatMap(([name, value]) =>
    [value].flat().map((one) => [name, String(one)]),
  )
  return new URLSearchParams(fields).toString()
}
