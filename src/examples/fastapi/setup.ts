import type { SheafPlugin } from 'sheaf'

/** What the app is given, so that a test can give it something else: the `Depends` and `dependency_overrides` of FastAPI. */
export interface Setup {
  /** `sheaf(options)`; of a test, the plugin of `testSheaf`. */
  plugin: SheafPlugin<'/sheaf'>
  /** Where users come from. */
  upstream: string
  /** The SQLite file of the items. */
  database: string
  /** The folder of the notes. */
  notes: string
  /** Resolves after so many milliseconds. */
  wait: Wait
}

export type Wait = (ms: number) => Promise<void>
