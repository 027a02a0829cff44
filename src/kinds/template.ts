import { compile, type Template } from '../job/template/template.ts'
import type { Kind } from './kind.ts'

/** Finds the placeholders in the input of a task; `at` is where the input is. */
export const compileInput = (
  { literal, urls }: Kind,
  input: Readonly<Record<string, unknown>>,
  at: string,
): Template<Record<string, unknown>> => compile(input, { at, literal, urls })
