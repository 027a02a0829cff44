/** JSON, as it is walked here: a copy, so that no schema that routes use is ever changed. */
export type Json = null | boolean | number | string | Json[] | JsonObject
export interface JsonObject {
  [name: string]: Json
}

export const copy = (value: unknown): JsonObject => objectOf(JSON.parse(JSON.stringify(value)))

export const objectOf = (value: Json | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}

export const listOf = (value: Json): Json[] => (Array.isArray(value) ? value : [])

export const mapObject = (object: JsonObject, map: (value: Json, name: string) => Json): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value, name)]))
