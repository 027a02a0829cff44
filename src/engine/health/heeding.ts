import { faultOf } from '../../job/faults.ts'
import { wrapMethods } from '../../methods.ts'
import type { Store } from '../../store/store.ts'
import { refusalOf, type Vitals } from './vitals.ts'

/** The same store, for reading: a read that meets a fault is refused as one of the moment, and damage stops all writing. */
export const heeding = (store: Store, vitals: Vitals): Store =>
  wrapMethods(store, (method, name) => (writes.has(name) ? method : readerOf(method, vitals)))

/** What comes of these is for the engine to judge. */
const writes = new Set<unknown>(['commit', 'rescue', 'inspect', 'close'])

const readerOf =
  (read: (...args: unknown[]) => unknown, vitals: Vitals) =>
  async (...args: unknown[]): Promise<unknown> => {
    try {
      return await read(...args)
    } catch (error) {
      const fault = faultOf(error)
      if (fault === undefined) throw error
      const cause = error instanceof Error ? error.message : String(error)
      if (fault === 'corrupt') vitals.met(fault, { error: cause })
      else vitals.note('The database could not be read', { error: cause })
      throw refusalOf(fault)
    }
  }
