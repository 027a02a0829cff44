import { type Static, Type } from '@sinclair/typebox'
import { invalid } from '../../job/explain.ts'
import { limits } from '../../job/limits.ts'
import { oneOf } from '../../job/wire.ts'
import { formatNames } from '../answer/results/formats.ts'
import { longestWait } from './prefer.ts'
import { readQuery } from './query.ts'

const names = Object.keys(formatNames) as (keyof typeof formatNames)[]

export const ResultsQuery = Type.Object(
  {
    wait: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: longestWait,
        description: 'Seconds to wait for the outcome of the job.',
      }),
    ),
    order: Type.Optional(
      oneOf(
        ['input', 'completion'],
        'Do not wait for the outcome: results come as tasks end. By `completion` in the order in which they do, each with its `seq`; by `input` each as soon as all before it have ended.',
      ),
    ),
    after: Type.Optional(
      Type.Integer({
        minimum: 0,
        description:
          'With `order=completion`: the seq of the last result that was seen, to go on from there.',
      }),
    ),
    from: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: limits.tasks,
        description: 'In input order: the index to begin with.',
      }),
    ),
    format: Type.Optional(oneOf(names, 'In place of `Accept`, for links.')),
  },
  { additionalProperties: false },
)
export type ResultsQuery = Static<typeof ResultsQuery>

/** What says nothing, or the opposite, beside another. */
const clashes: readonly [
  field: keyof ResultsQuery,
  isWrong: (query: ResultsQuery) => boolean,
  why: string,
][] = [
  ['wait', ({ order }) => order !== undefined, 'beside "order": results come as tasks end'],
  ['after', ({ order }) => order !== 'completion', 'without "order=completion"'],
  ['from', ({ order }) => order === 'completion', 'beside "order=completion", which goes on with "after"'],
]

/** Throws a Problem that names the parameter. */
export const readResultsQuery = (url: string): ResultsQuery => {
  const query = readQuery(ResultsQuery, url)
  for (const [field, isWrong, why] of clashes)
    if (query[field] !== undefined && isWrong(query))
      throw invalid([{ field, message: `Expected no "${field}" ${why}.` }])
  return query
}
