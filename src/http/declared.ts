import { Kind, type Static, type TSchema, type TUnsafe, Type } from '@sinclair/typebox'

/** What the OpenAPI document says of a response, beside its schema. */
export interface ResponseNotes {
  description?: string
  /** Default: application/json alone. */
  contentTypes?: string[]
  headers?: Record<string, { description: string; schema: TSchema }>
}

/**
 * A schema that Elysia passes on to Eden's types and to the OpenAPI document, and does not check. We check requests
 * ourselves, with {@link explain}, because Elysia coerces what it checks (`limit=0x10` would be 16) and says less; and
 * we do not check our own answers at run time: TypeScript has.
 */
export const declared = <T extends TSchema>(schema: T, notes: ResponseNotes = {}): TUnsafe<Static<T>> =>
  Type.Unsafe<Static<T>>({ ...schema, ...notes, [Kind]: 'Any' })
