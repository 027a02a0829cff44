import type { TSchema, TUnion } from '@sinclair/typebox'

/** The property that tells the variants of a union apart. */
export const tag = 'kind'

/** The variants of a union by the names that they have in the document: `HttpTask`, `SleepTask`, … */
export const variantsOf = ({ anyOf }: TUnion, suffix: string): Record<string, TSchema> =>
  Object.fromEntries(
    anyOf.map((variant) => {
      const value: string = variant.properties[tag].const
      return [`${value.charAt(0).toUpperCase()}${value.slice(1)}${suffix}`, variant]
    }),
  )
