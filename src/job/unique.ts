import { type Static, Type } from '@sinclair/typebox'
import type { FieldError } from './explain.ts'
import { Duration, strict, Text } from './fields.ts'
import { limits } from './limits.ts'
import { hasEnded, type JobState, jobStates } from './state.ts'

/** The states of a job that has not ended. */
export const openJobStates: readonly JobState[] = jobStates.filter((state) => !hasEnded(state))

const State = Type.Unsafe<JobState>(Type.Union(jobStates.map((state) => Type.Literal(state))))

/** That there be no second job like this one: what would be one is answered with the first. */
export const UniqueSpec = Type.Object(
  {
    key: Text(1, limits.keyLength, { description: 'What jobs have in common that are the same.' }),
    whileState: Type.Optional(
      Type.Array(State, {
        minItems: 1,
        maxItems: jobStates.length,
        description: `For as long as the first one is in one of these states. Default: ${openJobStates.join(', ')}.`,
      }),
    ),
    forMs: Type.Optional(
      Duration(1, limits.longestMs, 'In place of `whileState`: for so long after the first was submitted.'),
    ),
  },
  {
    ...strict,
    description: 'Makes it safe to ask for the same work again: while there is such a job, none is made.',
  },
)

export type UniqueSpec = Static<typeof UniqueSpec>

/** What a store holds of it: without `forMs`, it is a matter of states. */
export const uniqueOf = (
  { key, whileState, forMs }: UniqueSpec,
  errors: FieldError[],
): { key: string; states: readonly JobState[]; forMs: number | undefined } => {
  if (whileState !== undefined && forMs !== undefined) {
    const message = 'Expected either "unique.whileState" or "unique.forMs", got both.'
    errors.push({ field: 'unique.forMs', message })
  }
  return { key, states: whileState ?? (forMs === undefined ? openJobStates : []), forMs }
}
