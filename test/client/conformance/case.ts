import type { Name, World } from './worlds.ts'

/** One case of the language's conformance suite, as far as it can occur over a network. */
export interface Case {
  /** Files of test262 under `test/built-ins/Promise/` that hold it, one for each thing that it says; other functions have their like. */
  files: string[]
  says: string
  /** The functions that it holds for. */
  of: readonly Name[]
  /** What is observed, to be compared. */
  run(world: World, name: Name): Promise<unknown>
}
