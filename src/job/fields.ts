import { type ObjectOptions, type StringOptions, type TLiteral, Type } from '@sinclair/typebox'
import { worded } from './explain/words.ts'

/** For every object of a request: a field that nobody knows is refused, not ignored. */
export const strict = { additionalProperties: false } as const satisfies ObjectOptions

/** One of some words, as a union of literals: the form of an enum that TypeBox itself can check. */
export const oneOf = <T extends string>(
  values: readonly T[],
  options: { description: string; default: NoInfer<T> },
) =>
  Type.Unsafe<T>(
    Type.Union(
      values.map((value): TLiteral<T> => Type.Literal(value)),
      options,
    ),
  )

/** A pattern for one character that is no control character and no lone surrogate, which databases refuse or replace. */
export const printable = '(?:[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]|[\\ud800-\\udbff][\\udc00-\\udfff])'

export const Text = (minLength: number, maxLength: number, options: StringOptions = {}) =>
  worded(
    `a string of ${minLength} to ${maxLength} printable characters`,
    Type.String({ minLength, maxLength, pattern: `^${printable}*$`, ...options }),
  )

export const Duration = (
  minimum: number,
  maximum: number,
  description: string,
  options: { default?: number } = {},
) => Type.Integer({ minimum, maximum, description: `${description} In milliseconds.`, ...options })
