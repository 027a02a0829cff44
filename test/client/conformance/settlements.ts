import type { Case } from './case.ts'
import { settled, settledBy } from './shown.ts'
import { functions, type Name, type World } from './worlds.ts'

/** How a task ends: by its name it is told apart. A `!` says that it fails. */
type Ends = string[]

const nameOf = (end: string) => end.replace('!', '')

const finish = (world: World, end: string) => {
  if (end.endsWith('!')) world.fail(nameOf(end))
  else world.succeed(end)
}

/** Tasks that end while they are waited for, in this order. */
const deferred =
  (tasks: string[], ends: Ends) =>
  async (world: World, name: Name): Promise<unknown> => {
    const gathered = settled(world.gather(name, tasks.map(world.task)))
    await world.begun(...tasks)
    for (const end of ends) finish(world, end)
    return gathered
  }

/** Tasks that have ended before they are gathered. */
const immediate =
  (ends: Ends) =>
  async (world: World, name: Name): Promise<unknown> => {
    for (const end of ends) finish(world, end)
    return settled(world.gather(name, ends.map(nameOf).map(world.task)))
  }

/** Tasks of which some go on for ever when it has settled, and then end otherwise. */
const late =
  (tasks: string[], deciding: Ends, ignored: Ends) =>
  async (world: World, name: Name): Promise<unknown> => {
    const gathered = world.gather(name, tasks.map(world.task))
    await world.begun(...tasks)
    for (const end of deciding) finish(world, end)
    const first = await settled(gathered)
    for (const end of ignored) finish(world, end)
    await world.turn()
    return [first, await settled(gathered)]
  }

const givingValues = (values: unknown[]) => async (world: World, name: Name) => {
  const tasks = values.map((_, index) => `task ${index}`)
  for (const [index, task] of tasks.entries()) world.succeed(task, values[index])
  return settled(world.gather(name, tasks.map(world.task)))
}

export const settlements: Case[] = [
  {
    files: ['all/S25.4.4.1_A2.1_T1.js', 'allSettled/returns-promise.js'],
    says: 'a promise of the language is returned',
    of: functions,
    run: async (world, name) => {
      world.succeed('a')
      const gathered = world.gather(name, [world.task('a')])
      await gathered
      return [gathered instanceof Promise, Object.getPrototypeOf(gathered) === Promise.prototype]
    },
  },
  {
    files: ['allSettled/is-function.js', 'race/length.js', 'allSettled/not-a-constructor.js'],
    says: 'it is a function of one parameter, and no constructor',
    of: functions,
    run: async ({ functions: all }, name) => {
      const constructed = Promise.try(() => Reflect.construct(Object, [], all[name]))
      return [typeof all[name], all[name].length, await settled(constructed)]
    },
  },
  {
    files: ['all/S25.4.4.1_A2.3_T2.js', 'all/S25.4.4.1_A6.1_T2.js', 'allSettled/resolves-empty-array.js'],
    says: 'of nothing, it is an array of nothing, a new one each time',
    of: ['all', 'allSettled'],
    run: async (world, name) => {
      const given: unknown[] = []
      const [one, other] = await Promise.all([world.gather(name, given), world.gather(name, given)])
      return [await settled(Promise.resolve(one)), one === given, one === other]
    },
  },
  {
    files: ['any/iter-arg-is-empty-iterable-reject.js', 'any/empty-iterable-rejects.js'],
    says: 'of nothing, it is an AggregateError of nothing',
    of: ['any'],
    run: (world, name) => settled(world.gather(name, [])),
  },
  {
    files: ['race/S25.4.4.3_A5.1_T1.js'],
    says: 'of nothing, it never settles',
    of: ['race'],
    run: async (world, name) => {
      const gathered = world.gather(name, [])
      return [await settledBy(gathered, world.turn), await settledBy(gathered, world.turn)]
    },
  },
  {
    files: ['all/S25.4.4.1_A6.1_T1.js', 'allSettled/resolved-sequence.js', 'race/resolved-sequence.js'],
    says: 'it settles after the call, never during it',
    of: functions,
    run: async (world, name) => {
      const log: string[] = []
      world.succeed('a')
      const gathered = world.gather(name, [world.task('a')]).then(() => log.push('settled'))
      log.push('returned')
      await gathered
      return log
    },
  },
  {
    files: ['allSettled/resolved-immed.js', 'any/resolve-one-mixed.js'],
    says: 'what has succeeded before counts like what does later',
    of: functions,
    run: immediate(['a', 'b']),
  },
  {
    files: ['allSettled/reject-immed.js', 'any/reject-immed.js'],
    says: 'so does what has failed before',
    of: functions,
    run: immediate(['a!']),
  },
  {
    files: ['all/S25.4.4.1_A8.2_T1.js', 'allSettled/reject-deferred.js', 'any/reject-deferred.js'],
    says: 'a failure that comes later is the reason, the only error, or a result',
    of: functions,
    run: deferred(['a'], ['a!']),
  },
  {
    files: ['allSettled/resolved-all-fulfilled.js'],
    says: 'values are in the order of the input, whatever the order of the ends',
    of: functions,
    run: deferred(['a', 'b', 'c'], ['c', 'a', 'b']),
  },
  {
    files: ['allSettled/resolved-all-rejected.js', 'any/reject-all-mixed.js'],
    says: 'of failures alone, the first to come is the reason, or all of them are told in the order of the input',
    of: functions,
    run: deferred(['a', 'b', 'c'], ['c!', 'a!', 'b!']),
  },
  {
    files: ['allSettled/resolved-all-mixed.js', 'any/resolve-one-mixed.js'],
    says: 'of both, each counts as its function has it',
    of: functions,
    run: deferred(['a', 'b', 'c'], ['b!', 'c', 'a!']),
  },
  {
    files: ['any/resolve-from-resolve-reject-finally.js'],
    says: 'the first success counts, after whatever failures',
    of: ['any'],
    run: deferred(['a', 'b', 'c', 'd'], ['a!', 'b!', 'c!', 'd']),
  },
  {
    files: ['race/S25.4.4.3_A7.1_T3.js'],
    says: 'it settles with the first to end, though another never does',
    of: ['any', 'race'],
    run: deferred(['a', 'b'], ['b']),
  },
  {
    files: ['race/S25.4.4.3_A7.2_T1.js', 'race/S25.4.4.3_A6.2_T1.js'],
    says: 'it rejects with the first to fail, though another never ends',
    of: ['all', 'race'],
    run: deferred(['a', 'b'], ['b!']),
  },
  {
    files: ['race/S25.4.4.3_A7.1_T1.js', 'race/S25.4.4.3_A7.1_T2.js'],
    says: 'of two that have ended, the first of the input counts',
    of: ['any', 'race'],
    run: immediate(['a', 'b']),
  },
  {
    files: [
      'any/resolve-ignores-late-rejection-deferred.js',
      'race/resolve-ignores-late-rejection-deferred.js',
    ],
    says: 'once it has settled, a later failure changes nothing, and nobody has to handle it',
    of: ['any', 'race'],
    run: late(['a', 'b'], ['b'], ['a!']),
  },
  {
    files: ['allSettled/reject-ignored-deferred.js', 'any/resolve-ignores-late-rejection.js'],
    says: 'nor does a later success, after a failure that decided',
    of: ['all', 'race'],
    run: late(['a', 'b'], ['a!'], ['b']),
  },
  {
    files: ['allSettled/resolve-non-thenable.js', 'all/resolve-non-callable.js'],
    says: 'values are what they are: null, false, 0, the empty string, nested arrays and objects',
    of: functions,
    run: givingValues([null, false, 0, '', [[], [null]], { nested: { list: [1] } }]),
  },
  {
    files: ['race/resolved-then-catch-finally.js', 'allSettled/resolved-then-catch-finally.js'],
    says: 'then, catch and finally may be called as often as one likes',
    of: functions,
    run: async (world, name) => {
      world.succeed('a')
      const gathered = world.gather(name, [world.task('a')])
      const log: string[] = []
      const ways = [
        gathered.then((value) => value),
        gathered.catch(() => 'caught'),
        gathered.finally(() => log.push('finally')),
      ]
      return [await Promise.all(ways.map(settled)), log]
    },
  },
]
