import { afterEach, describe } from 'bun:test'
import type { Store } from '../../src/store/store.ts'
import { acting } from './contract/acting.ts'
import { claiming } from './contract/claiming.ts'
import { deciding } from './contract/deciding.ts'
import { deleting } from './contract/deleting.ts'
import { depending } from './contract/depending.ts'
import { logging } from './contract/logging.ts'
import { modelling } from './contract/modelling.ts'
import { reading } from './contract/reading.ts'
import { rescuing } from './contract/rescuing.ts'
import { rollingBack } from './contract/rolling-back.ts'
import { settling } from './contract/settling.ts'
import { submitting } from './contract/submitting.ts'
import { takingTurns } from './contract/taking-turns.ts'
import { timing } from './contract/timing.ts'
import { Driver } from './driver.ts'

/** Gives a new, empty store, which is closed after the test. */
export type Start = () => Promise<Driver>

const parts = {
  submitting,
  claiming,
  settling,
  deciding,
  acting,
  depending,
  deleting,
  timing,
  rescuing,
  'taking turns': takingTurns,
  logging,
  reading,
  'rolling back': rollingBack,
  'any sequence of steps': modelling,
}

/** What every dialect of the store has to do. `open` gives a store that holds nothing. */
export const describeStore = (dialect: string, open: () => Promise<Store>) =>
  describe(`store: ${dialect}`, () => {
    const opened: Store[] = []
    const start: Start = async () => {
      const store = await open()
      opened.push(store)
      return new Driver(store)
    }
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close()
    })

    for (const [name, part] of Object.entries(parts)) describe(name, () => part(start))
  })
