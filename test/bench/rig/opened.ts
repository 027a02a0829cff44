import type { Contender } from '../compare.ts'
import type { Absent } from '../measurement.ts'

/** Something else, started to be measured. */
export interface Opened {
  contender: Contender
  stop(): Promise<void>
}

export const absent = (name: string, about: string): Absent => ({ type: 'absent', name, about })

/** What could be started of it, and what could not. */
export const sort = (all: readonly (Opened | Absent)[]): { opened: Opened[]; missing: Absent[] } => ({
  opened: all.filter((one) => 'contender' in one),
  missing: all.filter((one) => 'type' in one),
})
