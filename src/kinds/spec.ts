import {
  type Static,
  type TObject,
  type TProperties,
  type TSchema,
  type TUnsafe,
  Type,
} from '@sinclair/typebox'
import { strict } from '../job/fields.ts'
import { limits } from '../job/limits.ts'
import { EachCommon, JobCommon, TaskCommon } from '../job/spec.ts'
import { type TemplatedFields, templated } from '../job/template/schema.ts'
import { CallInput } from './call.ts'
import { EmailInput } from './email/input.ts'
import { HttpInput } from './http.ts'
import { SleepInput } from './sleep.ts'
import { SqlInput } from './sql/input.ts'

/** A task of one kind as it is submitted: its name, its own fields, and those that every such task may have. */
type TaskOf<Name extends string, Input extends TObject, Common extends TObject> = Simplify<
  { kind: Name } & TemplatedFields<Static<Input>> & Static<Common>
>
type Simplify<T> = { [Name in keyof T]: T[Name] } & {}

const taskOf = <Name extends string, Input extends TObject, Common extends TObject>(
  kind: Name,
  input: Input,
  common: Common,
): TUnsafe<TaskOf<Name, Input, Common>> =>
  Type.Unsafe<TaskOf<Name, Input, Common>>(
    Type.Object(
      { kind: Type.Literal(kind), ...input.properties, ...common.properties } satisfies TProperties,
      { ...strict, description: input.description ?? kind },
    ),
  )

/** A task of any kind; `open` says what its fields may be where a placeholder may stand. */
const anyTask = <Common extends TObject>(common: Common, open: (input: TObject) => TObject) => {
  const of = <Name extends string, Input extends TObject>(kind: Name, input: Input) =>
    taskOf(kind, open(input) as Input, common)
  return Type.Union([
    of('http', HttpInput),
    of('sleep', SleepInput),
    of('call', CallInput),
    of('sql', SqlInput),
    of('email', EmailInput),
  ])
}

const jobOf = (task: TSchema, eachTask: TSchema) =>
  Type.Unsafe<JobSpec>(
    Type.Object(
      {
        ...JobCommon.properties,
        tasks: Type.Optional(
          Type.Array(task, {
            maxItems: limits.tasks,
            description: 'What is to be done; each task is known by its position.',
          }),
        ),
        each: Type.Optional(
          Type.Object(
            {
              items: Type.Array(Type.Unknown(), {
                maxItems: limits.tasks,
                description: 'Any JSON values: data, in which nothing is a placeholder.',
              }),
              task: eachTask,
            },
            { ...strict, description: 'In place of `tasks`: one task for each item.' },
          ),
        ),
      },
      strict,
    ),
  )

export const TaskSpec = anyTask(TaskCommon, templated)
export const EachTaskSpec = anyTask(EachCommon, templated)

/** What a caller submits. One of `tasks` and `each` has to be there, which {@link parseJob} sees to. */
export const JobSpec = jobOf(TaskSpec, EachTaskSpec)

const asItIs = (input: TObject): TObject => input

/** The same, if there were no placeholders: a mistake that has nothing to do with them is explained without them. */
export const PlainTaskSpec = anyTask(TaskCommon, asItIs)
export const PlainJobSpec = jobOf(PlainTaskSpec, anyTask(EachCommon, asItIs))

const additionOf = (task: TSchema) =>
  Type.Object(
    {
      tasks: Type.Optional(
        Type.Array(task, {
          maxItems: limits.tasks,
          description: 'Each may come after earlier ones of its job.',
        }),
      ),
      items: Type.Optional(
        Type.Array(Type.Unknown(), {
          maxItems: limits.tasks,
          description:
            'In place of `tasks`, where the job was submitted with `each`: one task for each item.',
        }),
      ),
      from: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: limits.tasks,
          description:
            'How many tasks the job is to have before these: if it has another number, none is added. Default: any number.',
        }),
      ),
      seal: Type.Optional(
        Type.Boolean({
          default: false,
          description: 'Whether these are the last: the job is sealed with them.',
        }),
      ),
    },
    strict,
  )

/** What a caller adds to a job. */
export const AdditionSpec = Type.Unsafe<AdditionSpec>(additionOf(TaskSpec))
/** The same, of tasks that are looked at later. */
export const LooseAddition = additionOf(Type.Unknown())

export interface AdditionSpec {
  tasks?: TaskSpec[]
  items?: unknown[]
  from?: number
  seal?: boolean
}

export type TaskSpec = Static<typeof TaskSpec>
/** The task of `each`: in place of a key and of what it comes after, it may have a template of keys. */
export type EachTaskSpec = Static<typeof EachTaskSpec>
export interface EachSpec {
  items: unknown[]
  task: EachTaskSpec
}
/** A job as submitted, checked against its schema. */
export type JobSpec =
  | Simplify<JobCommon & { tasks: TaskSpec[]; each?: never }>
  | Simplify<JobCommon & { each: EachSpec; tasks?: never }>
