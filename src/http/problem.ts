import { type Static, type TUnsafe, Type } from '@sinclair/typebox'
import { Problem, type ProblemCode, problemCodes } from '../job/errors.ts'
import { type FaultCode, faults } from '../job/faults.ts'
import { declared } from './declared.ts'

const codes = Object.keys(problemCodes) as ProblemCode[]

/** How every refusal looks: RFC 9457, with our own `code` and, for a bad request, what is wrong with each field. */
export const ProblemShape = Type.Object(
  {
    type: Type.Literal('about:blank', { description: 'The `code` says more than a type could.' }),
    title: Type.String({ description: 'The same for every problem with this code.' }),
    status: Type.Integer({ description: 'The HTTP status.' }),
    detail: Type.String({
      description: 'What went wrong this time: the field, what it may be, and what it was.',
    }),
    code: Type.Unsafe<ProblemCode>({ type: 'string', enum: codes, description: 'Stable, for programs.' }),
    instance: Type.Optional(
      Type.String({ description: 'The path of the request, or the id under which the log has more.' }),
    ),
    errors: Type.Optional(
      Type.Array(Type.Object({ field: Type.String(), message: Type.String() }), {
        description: 'What is wrong with each field.',
      }),
    ),
    waiting: Type.Optional(
      Type.Integer({
        description: 'How many tasks wait, where a job was refused because they are too many.',
      }),
    ),
    reason: Type.Optional(
      Type.Unsafe<FaultCode>({
        type: 'string',
        enum: Object.keys(faults),
        description: 'What is wrong with the server, where it takes no jobs.',
      }),
    ),
    since: Type.Optional(Type.String({ format: 'date-time', description: 'Since when that lasts.' })),
    most: Type.Optional(Type.Integer({ description: 'How many of them may wait.' })),
    job: Type.Optional(
      Type.String({ description: 'The job that tasks were to be added to, where it is there already.' }),
    ),
    accepted: Type.Optional(
      Type.Integer({
        description: 'How many tasks that job has: where to go on with an upload that broke off.',
      }),
    ),
  },
  { description: 'A problem, as in RFC 9457.' },
)
export type ProblemView = Static<typeof ProblemShape>

/** Where the request may succeed if it is sent again: after how many seconds that is worth a try. */
const retryAfter: Partial<Record<ProblemCode, number>> = {
  unavailable: 1,
  // Tasks have to end first.
  too_many_queued: 5,
  idempotency_pending: 1,
  quota_exceeded: 5,
}

const retryAfterHeader = {
  'Retry-After': { description: 'When to try again, in seconds.', schema: Type.String() },
}

/** A problem whose answer carries headers of its own. */
export class Refusal extends Problem {
  constructor(
    code: ProblemCode,
    detail: string,
    readonly headers: Readonly<Record<string, string>>,
  ) {
    super(code, detail)
  }
}

export const problemResponse = (problem: Problem, instance: string): Response => {
  const { code, status, detail, extensions } = problem
  const view = {
    type: 'about:blank',
    title: problemCodes[code][1],
    status,
    detail,
    code,
    instance,
  }
  const headers = new Headers(problem instanceof Refusal ? problem.headers : {})
  const seconds = retryAfter[code]
  if (seconds !== undefined && !headers.has('retry-after')) headers.set('retry-after', String(seconds))
  headers.set('content-type', 'application/problem+json')
  headers.set('cache-control', 'no-store')
  return new Response(JSON.stringify({ ...view, ...extensions }), { status, headers })
}

type StatusOf<Code extends ProblemCode> = (typeof problemCodes)[Code][0]
type Everywhere = 'unauthorized' | 'forbidden' | 'internal'
/** With 422 in any case: where a route names none, Elysia adds one of its own shape to the type, which is never sent. */
type Problems<Code extends ProblemCode> = Record<StatusOf<Code | Everywhere> | 422, TUnsafe<ProblemView>>

/** The problems that a route may answer with, for its `response`; those that any route may answer with are included. */
export const problems = <Code extends ProblemCode = never>(...own: Code[]): Problems<Code> => {
  const statuses: Partial<Record<number, TUnsafe<ProblemView>>> = {}
  const all: ProblemCode[] = [...own, 'unauthorized', 'forbidden', 'internal']
  for (const code of all) {
    const [status] = problemCodes[code]
    const alike = all.filter((other) => problemCodes[other][0] === status)
    const description = alike.map((other) => `${problemCodes[other][1]} (\`${other}\`).`).join(' ')
    const again = alike.some((other) => retryAfter[other] !== undefined)
    statuses[status] = declared(ProblemShape, { description, ...(again && { headers: retryAfterHeader }) })
  }
  // The keys were computed from the same table as the type.
  return statuses as Problems<Code>
}
