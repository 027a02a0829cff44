import { type Static, Type } from '@sinclair/typebox'
import { type FieldError, unexpected } from './explain.ts'
import { Duration, strict, Text } from './fields.ts'
import { limits as bounds } from './limits.ts'
import { matches } from './pattern.ts'

export { isPattern, matches } from './pattern.ts'

/** How many tasks of a queue may start, in any stretch of time of that length. */
export interface Rate {
  limit: number
  perMs: number
}

/** Bounds between which a queue finds out by itself how much its upstream takes at once. */
export interface Adaptive {
  min: number
  max: number
}

/** When to stop asking an upstream that fails. */
export interface Breaker {
  /** The share of attempts that fail, above 0 and at most 1, from which on the queue opens its circuit. */
  failures: number
  /** Of how many of the latest attempts, at least. */
  of: number
  /** How long it then waits before it probes, in milliseconds. */
  openMs: number
  /** How many probes at once, all of which must succeed for it to close again. */
  probes: number
}

/**
 * What a queue allows. What is not said is taken from the pattern that fits best, then from the defaults; null says that there
 * is no such limit.
 */
export interface Limits {
  /** How many of its tasks run at once. */
  concurrency?: number | null
  rate?: Rate | null
  paused?: boolean
  adaptive?: Adaptive | null
  breaker?: Breaker | null
}

/** What holds for a queue once everything is inherited: a limit that is not there, there is none. */
export interface EffectiveLimits {
  concurrency?: number
  rate?: Rate
  paused?: true
  adaptive?: Adaptive
  breaker?: Breaker
}

/** Limits of a queue, or of all queues whose names match a pattern. */
export interface NamedLimits {
  /** A `*` in it stands for any run of characters, also for none. */
  name: string
  limits: Limits
}

/** Those that apply to a name, the most specific first: its own, then patterns with more characters of their own, then by name. */
export const applying = <T extends NamedLimits>(rules: Iterable<T>, name: string): T[] =>
  [...rules].filter((rule) => rule.name === name || matches(rule.name, name)).sort(bySpecificity(name))

const bySpecificity =
  (name: string) =>
  (a: NamedLimits, b: NamedLimits): number =>
    Number(b.name === name) - Number(a.name === name) || comparePatterns(a.name, b.name)

/** The more specific of two patterns first: that with more characters beside its stars; of two alike, by their text. */
export const comparePatterns = (a: string, b: string): number =>
  literalsOf(b) - literalsOf(a) || (a < b ? -1 : a > b ? 1 : 0)

const literalsOf = (pattern: string): number => pattern.replaceAll('*', '').length

/** Puts limits together, field by field: the first that says something decides, and null says that there is none. */
export const inherit = (layers: readonly Limits[]): EffectiveLimits => {
  const said = <Field extends keyof Limits>(field: Field) =>
    layers.find((layer) => layer[field] !== undefined)?.[field] ?? undefined
  const concurrency = said('concurrency')
  const rate = said('rate')
  const adaptive = said('adaptive')
  const breaker = said('breaker')
  return {
    ...(concurrency !== undefined && { concurrency }),
    ...(rate && { rate }),
    ...(said('paused') && { paused: true }),
    ...(adaptive && { adaptive }),
    ...(breaker && { breaker }),
  }
}

/** What holds for the queue of that name: its own limits, then those of patterns, then the defaults. */
export const resolveLimits = (
  rules: Iterable<NamedLimits>,
  name: string,
  defaults: Iterable<NamedLimits> = [],
): EffectiveLimits =>
  inherit([...applying(rules, name), ...applying(defaults, name)].map(({ limits }) => limits))

export const defaultAdaptive: Adaptive = { min: 1, max: 256 }
export const defaultBreaker: Breaker = { failures: 0.5, of: 20, openMs: 30_000, probes: 1 }

/** The name of a queue, or a pattern of names. */
export const QueueName = Text(1, bounds.nameLength, {
  description: 'A queue, or with `*` for any run of characters, a pattern of their names.',
})

const lifted = 'Null lifts what would be inherited.'
const Concurrency = (description: string, options: { default?: number } = {}) =>
  Type.Integer({ minimum: 1, maximum: bounds.concurrency, description, ...options })

const RateSpec = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'How many tasks may start …' }),
    perMs: Duration(1, bounds.longestMs, '… in any stretch of time of this length.'),
  },
  strict,
)

const AdaptiveSpec = Type.Object(
  {
    min: Type.Optional(Concurrency('How many run at once at least.', { default: defaultAdaptive.min })),
    max: Type.Optional(Concurrency('How many run at once at most.', { default: defaultAdaptive.max })),
  },
  strict,
)

const BreakerSpec = Type.Object(
  {
    failures: Type.Optional(
      Type.Number({
        minimum: 0.001,
        maximum: 1,
        default: defaultBreaker.failures,
        description: 'The share of the latest attempts that have to fail for the circuit to open.',
      }),
    ),
    of: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000,
        default: defaultBreaker.of,
        description: 'How many of the latest attempts count; with fewer, the circuit stays closed.',
      }),
    ),
    openMs: Type.Optional(
      Duration(1, bounds.longestAttemptMs, 'How long the queue waits before it probes.', {
        default: defaultBreaker.openMs,
      }),
    ),
    probes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100,
        default: defaultBreaker.probes,
        description: 'How many tasks it then tries at once; all must succeed.',
      }),
    ),
  },
  strict,
)

/** The limits of a queue or a pattern, as a request gives them. What it leaves out is inherited. */
export const LimitsSpec = Type.Object(
  {
    concurrency: Type.Optional(
      Type.Union([Concurrency('How many of its tasks may run at once.'), Type.Null()], {
        description: `How many of its tasks may run at once. ${lifted}`,
      }),
    ),
    rate: Type.Optional(
      Type.Union([RateSpec, Type.Null()], { description: `How many of its tasks may start. ${lifted}` }),
    ),
    paused: Type.Optional(Type.Boolean({ description: 'Whether none of its tasks is to start.' })),
    adaptive: Type.Optional(
      Type.Union([AdaptiveSpec, Type.Null()], {
        description: `Whether it finds out by itself how many may run at once, within bounds. ${lifted}`,
      }),
    ),
    breaker: Type.Optional(
      Type.Union([BreakerSpec, Type.Null()], {
        description: `Whether it stops for a while when too many of its attempts fail. ${lifted}`,
      }),
    ),
  },
  strict,
)

export type LimitsSpec = Static<typeof LimitsSpec>

/** What is wrong with limits beyond what their schema says; `at` is their path in the request. */
export const limitsErrors = ({ adaptive }: LimitsSpec, at = ''): readonly FieldError[] => {
  if (!adaptive) return []
  const { min, max } = { ...defaultAdaptive, ...adaptive }
  const field = `${at === '' ? '' : `${at}.`}adaptive.min`
  return min <= max ? [] : [unexpected(field, `to be at most "max", which is ${max}`, min)]
}

/** The limits that a request asks for, its defaults filled in. */
export const limitsOf = ({ adaptive, breaker, ...rest }: LimitsSpec): Limits => ({
  ...rest,
  ...(adaptive !== undefined && { adaptive: adaptive && { ...defaultAdaptive, ...adaptive } }),
  ...(breaker !== undefined && { breaker: breaker && { ...defaultBreaker, ...breaker } }),
})
