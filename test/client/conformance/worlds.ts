import { call, type Sheaf, sleep } from '../../../src/client.ts'
import { createGate } from '../support/gate.ts'

export const functions = ['all', 'allSettled', 'any', 'race'] as const
export type Name = (typeof functions)[number]

/** Where a case runs: with the language's own functions, or with those of Sheaf. What it observes must be the same in both. */
export interface World {
  /** The functions themselves, which take what they should not, too. */
  functions: Record<Name, (tasks: never) => Promise<unknown>>
  gather(name: Name, tasks: unknown): Promise<unknown>
  /** Something that ends as the case says. */
  task(name: string): unknown
  /** Something that throws this when it is taken. */
  broken(error: unknown): unknown
  succeed(task: string, value?: unknown): void
  fail(task: string): void
  /** Resolves when these go on. */
  begun(...tasks: string[]): Promise<unknown>
  /** Resolves when whatever was about to settle has. */
  turn(): Promise<unknown>
}

type Gate = ReturnType<typeof createGate>

/** Async functions, and the functions of Promise. */
export const promises = (): World => {
  const gate = createGate()
  return {
    ...ending(gate, ''),
    ...gathering(Promise),
    task: (name) => (async () => gate.ended(name))(),
    broken: (error) =>
      Object.defineProperty(Promise.resolve(), 'then', {
        value: () => {
          throw error
        },
      }),
    begun: async () => {},
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  }
}

let worlds = 0

/** Tasks of a live server, and the functions of the client. The gate is the server's, so names are made its own. */
export const tasksOf = (sheaf: Sheaf, gate: Gate): World => {
  const prefix = `${++worlds} `
  return {
    ...ending(gate, prefix),
    ...gathering(sheaf),
    task: (name) => call('gate', prefix + name),
    broken: (error) => ({
      toJSON() {
        throw error
      },
    }),
    begun: (...tasks) => gate.running(...tasks.map((name) => prefix + name)),
    turn: () => sheaf.all([sleep(0)]),
  }
}

/** The language's functions ask what they belong to; Sheaf's do not. */
const gathering = (functions: World['functions']): Pick<World, 'functions' | 'gather'> => ({
  functions,
  gather: (name, tasks) => functions[name].call(functions, tasks as never),
})

const ending = (gate: Gate, prefix: string) => ({
  succeed: (task: string, value: unknown = task) => gate.succeed(prefix + task, value),
  fail: (task: string) => gate.fail(prefix + task, task),
})
