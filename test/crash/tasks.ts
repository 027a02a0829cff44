import { isDeepStrictEqual } from 'node:util'
import type { TaskSpec } from '../../src/kinds/spec.ts'
import type { Row } from './rows.ts'

/** A task of the large job, and how it must end however often the server dies. */
export interface Planned {
  task: TaskSpec
  /** Undefined when it must fail for good, with `unexpected_status`. */
  output: unknown
}

/** Longer than what is told in an event: followers get its length. */
const largeBody = 'a'.repeat(20_000)

/** One of each kind of work, by turns, with a duration of 5 to 60 ms that varies with the index. */
const makers: ((index: number, upstream: string) => Planned)[] = [
  (index, upstream) => http(`${upstream}/users/${index}`, { id: index, name: `User ${index}` }),
  (index) => ({ task: { kind: 'sleep', ms: durationOf(index) }, output: null }),
  (index, upstream) => http(`${upstream}/slow/${durationOf(index)}`, { ms: durationOf(index) }),
  (index) => ({ task: { kind: 'call', handler: 'square', input: { n: index } }, output: index ** 2 }),
  (index, upstream) => ({
    ...http(`${upstream}/flaky/1/t${index}`, undefined),
    // The upstream counts the requests itself: which of them succeeds depends on how often a kill came between.
    output: { name: `t${index}` },
  }),
  (index) => ({ task: { kind: 'call', handler: 'stumble', input: { n: index } }, output: `got up ${index}` }),
  (index) => ({ task: { kind: 'sleep', ms: index % 7 }, output: null }),
]

const durationOf = (index: number) => 5 + ((index * 37) % 56)

const http = (url: string, body: unknown): Planned => ({ task: { kind: 'http', url }, output: body })

export const plan = (count: number, upstream: string): Planned[] =>
  Array.from({ length: count }, (_, index) => {
    const make = makers[index % makers.length]
    if (index % 100 === 99 || make === undefined) return http(`${upstream}/status/404`, undefined)
    if (index % 50 === 24) return http(`${upstream}/bytes/${largeBody.length}`, largeBody)
    return make(index, upstream)
  })

/** What is wrong with how a task ended; undefined when it is as planned. */
export const flawOf = ({ task, output }: Planned, row: Row): string | undefined => {
  if (diedWithServer(row)) return undefined
  const body = task.kind === 'http' ? bodyOf(row.output) : row.output
  const wanted = output === undefined ? row.error?.code === 'unexpected_status' : fits(body, output)
  const state = output === undefined ? 'failed' : 'succeeded'
  return wanted && row.state === state
    ? undefined
    : `task ${row.index} (${task.kind}) ended as ${JSON.stringify(row)}`
}

/** A task that was running at four kills fails, as promised: each of them was an attempt. */
const diedWithServer = ({ error, attempt }: Row) => error?.code === 'rescued_too_often' && attempt >= 4

const bodyOf = (output: unknown): unknown =>
  typeof output === 'object' && output !== null && 'body' in output ? output.body : undefined

/** Fields that are not planned may have any value. */
const fits = (value: unknown, planned: unknown): boolean => {
  if (typeof planned !== 'object' || planned === null) return value === planned
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(planned).every(([name, part]) => isDeepStrictEqual(Reflect.get(value, name), part))
}
