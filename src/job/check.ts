import type { Static, TSchema } from '@sinclair/typebox'
import { Kind, TypeRegistry } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'

/** TypeBox knows no `Unsafe`: as we write it, it is a string out of `enum`, or anything at all. */
TypeRegistry.Set(
  'Unsafe',
  (schema: { enum?: readonly unknown[] }, value) => schema.enum?.includes(value) ?? true,
)

const compiled = new WeakMap<TSchema, TypeCheck<TSchema>>()

/**
 * The compiled check of a schema. Compiling costs about a millisecond, so it happens once for each schema object.
 * Throws if the schema refers to something outside itself, or has a kind that TypeBox does not know.
 */
export const checkOf = (schema: TSchema): TypeCheck<TSchema> => {
  let check = compiled.get(schema)
  if (!check) {
    check = TypeCompiler.Compile(schema)
    compiled.set(schema, check)
  }
  return check
}

export const accepts = <T extends TSchema>(schema: T, value: unknown): value is Static<T> =>
  checkOf(schema).Check(value)

/** `'Object'`, `'String'`, …: which of TypeBox's types a schema is. */
export const typeOf = (schema: TSchema): string => String(schema[Kind])
