import { type Static, type TSchema, type TUnknown, TypeGuard } from '@sinclair/typebox'
import { expected } from '../job/errors.ts'
import type { RunContext } from './kind.ts'

/** What a handler is given beside its input. The functions may be taken out of the object. */
export interface HandlerContext
  extends Pick<RunContext, 'signal' | 'attempt' | 'job' | 'index' | 'idempotencyKey'> {
  /** Shows how far the task is, to those who follow the job; not stored. */
  progress: RunContext['progress']
  /** Writes a line to the server's log, marked with the job and the task. */
  log: RunContext['log']
}

/** What one passes to {@link defineHandler}. */
export interface HandlerDefinition<Input extends TSchema, Output extends TSchema> {
  /** A letter, then letters, digits, `_`, `-` and `.`; at most 100. Unique on a server. */
  name: string
  /** Checked before `run` is called, and already when a task is submitted. */
  input: Input
  /** Checked before the output is stored; without it, `run` may return anything that JSON can express. */
  output?: Output
  /**
   * Does the work. Runs at least once for each task, and again after a throw, unless a {@link Fatal} was thrown. Stop at
   * `context.signal`: what is returned or thrown after that is lost.
   */
  run(input: Static<Input>, context: HandlerContext): Static<Output> | Promise<Static<Output>>
}

/** A named function that `call` tasks run; made by {@link defineHandler}. */
export interface Handler<Input extends TSchema = TSchema, Output extends TSchema = TSchema>
  extends Readonly<HandlerDefinition<Input, Output>> {}

/** A throw that no other attempt could mend: the task fails at once. */
export class Fatal extends Error {
  override readonly name = 'Fatal'
}

const namePattern = /^[A-Za-z][\w.-]{0,99}$/

/**
 * Makes a handler, with the types of its input and output taken from their TypeBox schemas (`t` of Elysia, too).
 * Throws a TypeError if the name or a schema is not what it must be.
 */
export const defineHandler = <Input extends TSchema, Output extends TSchema = TUnknown>(
  definition: HandlerDefinition<Input, Output>,
): Handler<Input, Output> => {
  const flaw = flawOf(definition)
  if (flaw !== undefined) throw new TypeError(flaw)
  return Object.freeze({ ...definition })
}

/** Whether a value, such as what a module exports, is a handler. Goes by its shape: it may come from another copy of Sheaf. */
export const isHandler = (value: unknown): value is Handler =>
  typeof value === 'object' && value !== null && flawOf(value) === undefined

/** TypeScript rules all of this out, but handlers are written in JavaScript as well. */
const flawOf = (value: object): string | undefined => {
  const { name, input, output, run }: Partial<Record<keyof Handler, unknown>> = value
  if (typeof name !== 'string' || !namePattern.test(name)) {
    return expected('name', 'to be a letter, then up to 99 letters, digits, "_", "-" or "."', name)
  }
  if (!TypeGuard.IsSchema(input)) return `Expected "input" of ${name} to be a TypeBox schema.`
  if (output !== undefined && !TypeGuard.IsSchema(output)) {
    return `Expected "output" of ${name} to be a TypeBox schema.`
  }
  return typeof run === 'function' ? undefined : `Expected "run" of ${name} to be a function.`
}
