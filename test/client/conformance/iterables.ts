import type { Case } from './case.ts'
import { settled } from './shown.ts'
import { functions, type World } from './worlds.ts'

const poison = { poison: true }

/** An iterator whose every step is the case's, and what was asked of it. */
const scripted = (next: () => unknown, ...closes: unknown[]) => {
  const log: string[] = []
  const close = () => {
    log.push('return')
    return {}
  }
  const iterator = {
    next: () => {
      log.push('next')
      return next()
    },
    get return() {
      log.push('get return')
      return closes.length === 0 ? close : closes[0]
    },
  }
  return { log, iterable: { [Symbol.iterator]: () => iterator } }
}

const throwing = () => {
  throw poison
}

const primitives: [name: string, value: unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['false', false],
  ['true', true],
  ['number', 1],
  ['symbol', Symbol('none')],
]

/** Whatever is no iterable: the rejection is a TypeError, and no throw. */
const refused = (
  files: string[],
  says: string,
  make: (value: unknown) => unknown,
  values = primitives,
): Case => ({
  files,
  says,
  of: functions,
  run: (world, name) => Promise.all(values.map(([, value]) => settled(world.gather(name, make(value))))),
})

const filesOf = (stem: string, values = primitives) =>
  values.map(([name]) => `allSettled/iter-${stem}-${name}-reject.js`)

const withString: typeof primitives = [...primitives, ['string', 'x']]

/** A step that fails: the iterator has said that it is broken, and is not closed. */
const failingStep = (
  files: string[],
  says: string,
  step: (calls: number, world: World) => unknown,
): Case => ({
  files,
  says,
  of: functions,
  run: async (world, name) => {
    let calls = 0
    const { log, iterable } = scripted(() => step(calls++, world))
    return [await settled(world.gather(name, iterable)), log]
  },
})

export const iterables: Case[] = [
  refused(filesOf('arg-is'), 'what is no iterable rejects with a TypeError', (value) => value),
  refused(
    ['all/S25.4.4.1_A3.1_T1.js', 'race/S25.4.4.3_A3.1_T2.js'],
    'nor is an object, a function, or what only looks like an array',
    (value) => value,
    [
      ['object', {}],
      ['function', () => {}],
      ['array-like', { length: 1, 0: 1 }],
      ['error', new Error('none')],
    ],
  ),
  refused(
    filesOf('assigned', withString),
    'a Symbol.iterator that is no function rejects with a TypeError',
    (value) => ({ [Symbol.iterator]: value }),
    withString,
  ),
  refused(
    filesOf('returns', withString),
    'an iterator that is no object rejects with a TypeError',
    (value) => ({ [Symbol.iterator]: () => value }),
    withString,
  ),
  {
    files: ['allSettled/iter-arg-is-poisoned.js', 'all/S25.4.4.1_A3.1_T3.js'],
    says: 'what the getter of Symbol.iterator throws is the reason',
    of: functions,
    run: (world, name) =>
      settled(world.gather(name, Object.defineProperty({}, Symbol.iterator, { get: throwing }))),
  },
  failingStep(
    ['all/S25.4.4.1_A5.1_T1.js', 'race/S25.4.4.3_A4.1_T1.js', 'allSettled/iter-next-err-reject.js'],
    'what next() throws is the reason, and return() is not called',
    throwing,
  ),
  failingStep(
    ['all/iter-step-err-no-close.js', 'any/iter-step-err-reject.js'],
    'what the getter of done throws is the reason, and return() is not called',
    (calls, world) =>
      calls === 0 ? { value: world.task('a') } : Object.defineProperty({}, 'done', { get: throwing }),
  ),
  failingStep(
    ['allSettled/iter-next-val-err-reject.js', 'allSettled/iter-next-val-err-no-close.js'],
    'what the getter of value throws is the reason, and return() is not called',
    (calls, world) =>
      calls === 0
        ? { value: world.task('a') }
        : Object.defineProperty({ done: false }, 'value', { get: throwing }),
  ),
  {
    files: ['any/invoke-then-error-reject.js', 'any/invoke-then-error-close.js'],
    says: 'what an element throws that is taken is the reason; no other is asked for, and return() is called once',
    of: functions,
    run: async (world, name) => {
      const { log, iterable } = scripted(() => ({ value: world.broken(poison), done: false }))
      return [await settled(world.gather(name, iterable)), log]
    },
  },
  {
    files: ['all/resolve-throws-iterator-return-is-not-callable.js'],
    says: 'that stays the reason when the iterator cannot be closed, or throws as it is',
    of: functions,
    run: (world, name) =>
      Promise.all(
        [0, true, 'string', {}, Symbol('none'), null, undefined, throwing].map((close) => {
          const { iterable } = scripted(() => ({ value: world.broken('first'), done: false }), close)
          return settled(world.gather(name, iterable))
        }),
      ),
  },
  {
    files: ['all/S25.4.4.1_A7.1_T1.js', 'allSettled/resolves-to-array.js'],
    says: 'any iterable will do, and is gone through once, in order, before the function returns; it is not closed',
    of: functions,
    run: async (world, name) => {
      const log: string[] = []
      function* tasks() {
        try {
          for (const task of ['a', 'b', 'c']) {
            log.push(task)
            yield world.task(task)
          }
        } finally {
          log.push('end')
        }
      }
      const gathered = world.gather(name, tasks())
      log.push('returned')
      await world.begun('a', 'b', 'c')
      for (const task of ['a', 'b', 'c']) world.succeed(task)
      return [await settled(gathered), log]
    },
  },
  {
    files: ['all/iter-arg-is-string-resolve.js', 'any/iter-arg-is-empty-string-reject.js'],
    says: 'a string is an iterable: of no characters, the empty one',
    of: ['all', 'allSettled', 'any'],
    run: (world, name) => settled(world.gather(name, '')),
  },
  {
    files: ['allSettled/resolved-all-fulfilled.js'],
    says: 'what becomes of the array after the call changes nothing',
    of: functions,
    run: async (world, name) => {
      const tasks = [world.task('a')]
      const gathered = world.gather(name, tasks)
      tasks.push(world.task('b'))
      tasks[0] = world.task('c')
      await world.begun('a')
      world.succeed('a')
      return settled(gathered)
    },
  },
]
