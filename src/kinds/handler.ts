import { type Static, type TSchema, type TUnknown, TypeGuard } from '@sinclair/typebox'
import { expected, show } from '../job/errors.ts'
import type { RunContext } from './kind.ts'

/** What a handler is given beside its input. The functions may be taken out of the object. */
export interface HandlerContext
  extends Pick<RunContext, 'signal' | 'attempt' | 'job' | 'index' | 'idempotencyKey'> {
  /** Shows how far the task is, to those who follow the job; not stored. */
  progress: RunContext['progress']
  /** Writes a line to the server's log, marked with the job and the task. */
  log: RunContext['log']
}

/** What a handler runs; also what the module of a thread or a process exports, as default or as `run`. */
export type HandlerFunction<Input = unknown, Output = unknown> = (
  input: Input,
  context: HandlerContext,
) => Output | Promise<Output>

interface Described<Input extends TSchema, Output extends TSchema> {
  /** A letter, then letters, digits, `_`, `-` and `.`; at most 100. Unique on a server. */
  name: string
  /** Checked before the handler is called, and already when a task is submitted. */
  input: Input
  /**
   * Checked before the output is stored; without it, the output may be anything that JSON can express. To give it a type
   * and no check, use `Type.Unsafe<Output>()`. The output of a thread or a process is checked as what JSON made of it.
   */
  output?: Output
}

/** Runs in the server's event loop: for what waits for something else most of the time. */
export interface LoopDefinition<Input extends TSchema, Output extends TSchema>
  extends Described<Input, Output> {
  /**
   * Does the work. Runs at least once for each task, and again after a throw, unless a {@link Fatal} was thrown. Stop at
   * `context.signal`: what is returned or thrown after that is lost.
   */
  run(input: Static<Input>, context: HandlerContext): Static<Output> | Promise<Static<Output>>
  thread?: never
  process?: never
  memoryMb?: never
}

/**
 * Runs in a pool of threads, as many as the machine has cores: for JavaScript that computes. Waits for its turn within
 * its attempt, whose `timeoutMs` runs meanwhile. When an attempt is over and the function does not return at its signal,
 * its thread is ended; native code that does not return (as in `Bun.sleepSync`) goes on in a thread that nobody waits
 * for. A crash of native code, or memory that runs out, ends the whole server. For all of these, see `process`.
 */
export interface ThreadDefinition<Input extends TSchema, Output extends TSchema>
  extends Described<Input, Output> {
  /** The module whose default export, or else the one called `run`, is a {@link HandlerFunction}. */
  thread: URL | string
  run?: never
  process?: never
  memoryMb?: never
}

/**
 * Like a thread, but in a pool of processes: for native code, and for what may take too much memory. The processes have
 * the server's environment, and end with it. Of a compiled executable, they cannot see modules that were compiled in.
 */
export interface ProcessDefinition<Input extends TSchema, Output extends TSchema>
  extends Described<Input, Output> {
  /** The module whose default export, or else the one called `run`, is a {@link HandlerFunction}. */
  process: URL | string
  /**
   * How much memory the process may take, all in all, in MiB; an idle one takes about 45. It is looked at every 25 ms,
   * so a process can have taken more than that when it is ended. At least 64; default: as much as the machine has.
   */
  memoryMb?: number
  run?: never
  thread?: never
}

/** What one passes to {@link defineHandler}: exactly one of `run`, `thread` and `process` says where it runs. */
export type HandlerDefinition<Input extends TSchema, Output extends TSchema> =
  | LoopDefinition<Input, Output>
  | ThreadDefinition<Input, Output>
  | ProcessDefinition<Input, Output>

export type LoopHandler<Input extends TSchema = TSchema, Output extends TSchema = TSchema> = Readonly<
  LoopDefinition<Input, Output>
>

export type IsolatedHandler<Input extends TSchema = TSchema, Output extends TSchema = TSchema> =
  | Readonly<ThreadDefinition<Input, Output>>
  | Readonly<ProcessDefinition<Input, Output>>

/** A named function that `call` tasks run; made by {@link defineHandler}. */
export type Handler<Input extends TSchema = TSchema, Output extends TSchema = TSchema> =
  | LoopHandler<Input, Output>
  | IsolatedHandler<Input, Output>

/** A throw that no other attempt could mend: the task fails at once. */
export class Fatal extends Error {
  override readonly name = 'Fatal'
}

const namePattern = /^[A-Za-z][\w.-]{0,99}$/

/** Bun itself takes about 45 MiB. */
const leastMemoryMb = 64

/**
 * Makes a handler, with the types of its input and output taken from their TypeBox schemas (`t` of Elysia, too).
 * Throws a TypeError if the name, a schema or the place where it runs is not what it must be.
 */
export function defineHandler<Input extends TSchema, Output extends TSchema = TUnknown>(
  definition: ThreadDefinition<Input, Output> | ProcessDefinition<Input, Output>,
): IsolatedHandler<Input, Output>
// Last, because its errors are those that TypeScript shows when none fits.
export function defineHandler<Input extends TSchema, Output extends TSchema = TUnknown>(
  definition: LoopDefinition<Input, Output>,
): LoopHandler<Input, Output>
export function defineHandler(definition: HandlerDefinition<TSchema, TSchema>): Handler {
  const flaw = flawOf(definition)
  if (flaw !== undefined) throw new TypeError(flaw)
  return Object.freeze({ ...definition })
}

/** Whether a value, such as what a module exports, is a handler. Goes by its shape: it may come from another copy of Sheaf. */
export const isHandler = (value: unknown): value is Handler =>
  typeof value === 'object' && value !== null && flawOf(value) === undefined

/** TypeScript rules all of this out, but handlers are written in JavaScript as well. */
const flawOf = (value: object): string | undefined => {
  const { name, input, output }: Fields = value
  if (typeof name !== 'string' || !namePattern.test(name)) {
    return expected('name', 'to be a letter, then up to 99 letters, digits, "_", "-" or "."', name)
  }
  if (!TypeGuard.IsSchema(input)) return `Expected "input" of ${name} to be a TypeBox schema.`
  if (output !== undefined && !TypeGuard.IsSchema(output)) {
    return `Expected "output" of ${name} to be a TypeBox schema.`
  }
  return flawOfPlace(name, value)
}

type Fields = Partial<Record<'name' | 'input' | 'output' | (typeof places)[number] | 'memoryMb', unknown>>

const places = ['run', 'thread', 'process'] as const

const flawOfPlace = (name: string, fields: Fields): string | undefined => {
  const given = places.filter((place) => fields[place] !== undefined)
  const [place] = given
  if (!place || given.length > 1) {
    const got = given.map((one) => `"${one}"`).join(' and ') || 'none'
    return `Expected exactly one of "run", "thread" and "process" of ${name}, got ${got}.`
  }
  if (place === 'run')
    return typeof fields.run === 'function' ? undefined : `Expected "run" of ${name} to be a function.`
  if (!isModule(fields[place]))
    return `Expected "${place}" of ${name} to be the URL of a module, got ${show(fields[place])}.`
  const { memoryMb } = fields
  if (memoryMb === undefined) return undefined
  if (place === 'thread')
    return `Expected "memoryMb" of ${name} only with "process": threads share their memory.`
  return typeof memoryMb === 'number' && memoryMb >= leastMemoryMb
    ? undefined
    : `Expected "memoryMb" of ${name} to be at least ${leastMemoryMb}, got ${show(memoryMb)}.`
}

const isModule = (value: unknown): boolean =>
  value instanceof URL || (typeof value === 'string' && value !== '')
