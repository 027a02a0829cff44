import { Fatal } from '../../../src/kinds/handler.ts'

const cycle: { self?: unknown } = {}
cycle.self = cycle

export const values: Record<string, unknown> = {
  undefined: undefined,
  null: null,
  text: 'a\nb',
  date: new Date(0),
  invalidDate: new Date(Number.NaN),
  infinity: Number.POSITIVE_INFINITY,
  bigint: 7n,
  bigintInside: { total: [7n] },
  symbol: Symbol('x'),
  function: () => 1,
  functionInside: { run: () => 1 },
  cycle,
  map: new Map([[1, 2]]),
  bytes: new Uint8Array([1, 2]),
  hole: { a: undefined, b: [undefined] },
  error: new RangeError('too far'),
  silentError: new RangeError(),
  longError: new Error('x'.repeat(5_000)),
  fatal: new Fatal('no such user'),
  nothing: { toJSON: () => undefined },
  hostile: {
    toJSON: () => {
      throw new Error('no JSON')
    },
  },
}

export default (input: string): unknown => {
  const [how, name = ''] = input.split(' ')
  if (how === 'thrown') throw values[name]
  return values[name]
}
