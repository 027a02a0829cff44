import { type FieldError, SheafError } from './errors.ts'

/** What a response that is no success says. */
export const refusalOf = async (response: Response): Promise<SheafError> => {
  const value = await response.json().catch(() => undefined)
  return refusal(response, value)
}

/** The problem that a response carries (RFC 9457); or that it carries none, and so is not Sheaf's. */
export const refusal = (response: Response, value: unknown): SheafError => {
  const { status } = response
  if (!isObject(value) || !('code' in value) || !('detail' in value)) return strange(response)
  const { code, detail } = value
  const errors: FieldError[] | undefined =
    'errors' in value && Array.isArray(value.errors) ? value.errors : undefined
  return new SheafError(String(code), String(detail), { status, ...(errors && { errors }) })
}

export const strange = ({ status, url, headers }: Response): SheafError => {
  const location = headers.get('location')
  return new SheafError(
    'unexpected_answer',
    `Expected an answer of Sheaf, got another from ${url}, with status ${status}${location === null ? '' : `, which leads to ${location}`}.`,
    { status },
  )
}

export const isObject = <T>(value: T): value is T & object => typeof value === 'object' && value !== null

/** Whether asking again would not help. A 408, a 425 and a 429 ask for just that. */
export const isFinal = (error: unknown): error is SheafError =>
  error instanceof SheafError &&
  error.status !== undefined &&
  error.status >= 400 &&
  error.status < 500 &&
  ![408, 425, 429].includes(error.status)
