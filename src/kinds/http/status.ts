import type { StatusRule, StatusRules } from './input.ts'

export const fits = (status: number, rules: StatusRules): boolean =>
  Array.isArray(rules) ? rules.some((rule) => fitsOne(status, rule)) : fitsOne(status, rules)

export const isExpected = (status: number, expected: StatusRules = '2xx'): boolean => fits(status, expected)

/** Whether the server may answer otherwise when it is asked again (RFC 9110, section 15; 425 is RFC 8470). */
export const isTransient = (status: number, rules: StatusRules = transient): boolean => fits(status, rules)

const transient: StatusRules = [408, 425, 429, '5xx']

const fitsOne = (status: number, rule: StatusRule): boolean =>
  typeof rule === 'number' ? status === rule : Math.floor(status / 100) === Number(rule[0])
