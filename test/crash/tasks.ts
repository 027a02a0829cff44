import { isDeepStrictEqual } from 'node:util'
import type { TaskSpec } from '../../src/kinds/spec.ts'
import type { Row } from './rows.ts'

/** A task of the large job, and how it must end however often the server dies. */
export interface Planned {
  task: TaskSpec
  /** Undefined when it must fail for good, with `unexpected_status`. */
  output: unknown
}

/** Where its tasks go. */
export interface Places {
  plain: string
  throttling: string
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

/** What stands out, by the index's rest of 100: one or two of each in a hundred. */
const special = (index: number, { plain, throttling }: Places): Planned | undefined => {
  const at = index % 100
  if (at === 99) return http(`${plain}/status/404`, undefined)
  if (at === 24 || at === 74) return http(`${plain}/bytes/${largeBody.length}`, largeBody)
  // Told to come back in a second: its queue waits, and no attempt is spent.
  if (at === 30) return inQueue('throttled', http(`${throttling}/later/t${index}`, { name: `t${index}` }))
  if (at === 40) return inQueue('paced', http(`${throttling}/paced/t${index}`, { name: `t${index}` }))
  // A chain of three: the second needs what the first got, the third comes after whatever became of the second.
  if (at === 50) return named(index, http(`${plain}/users/${index}`, { id: index }))
  if (at === 51) {
    const url = `${plain}/users/{{tasks.${keyOf(index - 1)}.output.body.id}}`
    return named(index, after(index - 1, 'succeeded', http(url, { id: index - 1 })))
  }
  if (at === 52) return after(index - 1, 'ended', { task: { kind: 'sleep', ms: 1 }, output: null })
  if (at === 60) return { task: { kind: 'sleep', ms: 2, delayMs: (index * 13) % 4_000 }, output: null }
  return undefined
}

const keyOf = (index: number) => `k${index}`

const named = (index: number, { task, output }: Planned): Planned => ({
  task: { ...task, key: keyOf(index) },
  output,
})

const inQueue = (queue: string, { task, output }: Planned): Planned => ({ task: { ...task, queue }, output })

const after = (index: number, on: 'succeeded' | 'ended', { task, output }: Planned): Planned => ({
  task: { ...task, after: [{ task: keyOf(index), on }] },
  output,
})

export const plan = (count: number, places: Places): Planned[] =>
  Array.from({ length: count }, (_, index) => {
    const make = makers[index % makers.length]
    return special(index, places) ?? make?.(index, places.plain) ?? http(`${places.plain}/ok`, { ok: true })
  })

/** What is wrong with how a task ended; undefined when it is as planned. */
export const flawOf = ({ task, output }: Planned, row: Row, before: Row | undefined): string | undefined => {
  if (diedWithServer(row)) return undefined
  if (row.error?.code === 'dependency_failed' && before && diedWithServer(before)) return undefined
  const body = task.kind === 'http' ? bodyOf(row.output) : row.output
  const wanted = output === undefined ? row.error?.code === 'unexpected_status' : fits(body, output)
  const state = output === undefined ? 'failed' : 'succeeded'
  return wanted && row.state === state
    ? undefined
    : `task ${row.index} (${task.kind}) ended as ${JSON.stringify(row)}`
}

/** A task that was running at four kills fails, as promised: each of them was an attempt. What needed it is cancelled. */
export const diedWithServer = ({ error, attempt }: Pick<Row, 'error' | 'attempt'>): boolean =>
  error?.code === 'rescued_too_often' && attempt >= 4

const bodyOf = (output: unknown): unknown =>
  typeof output === 'object' && output !== null && 'body' in output ? output.body : undefined

/** Fields that are not planned may have any value. */
const fits = (value: unknown, planned: unknown): boolean => {
  if (typeof planned !== 'object' || planned === null) return value === planned
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(planned).every(([name, part]) => isDeepStrictEqual(Reflect.get(value, name), part))
}
