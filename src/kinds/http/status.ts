import type { HttpInput, StatusRule } from './input.ts'

type Expected = NonNullable<HttpInput['expect']>['status']

export const isExpected = (status: number, expected: Expected = '2xx'): boolean =>
  Array.isArray(expected) ? expected.some((rule) => fits(status, rule)) : fits(status, expected)

/** Whether the server may answer otherwise when it is asked again (RFC 9110, section 15; 425 is RFC 8470). */
export const isTransient = (status: number): boolean =>
  status === 408 || status === 425 || status === 429 || (status >= 500 && status <= 599)

const fits = (status: number, rule: StatusRule): boolean =>
  typeof rule === 'number' ? status === rule : Math.floor(status / 100) === Number(rule[0])
