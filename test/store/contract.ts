import { afterEach, describe } from 'bun:test'
import type { Store } from '../../src/store/store.ts'
import { acting } from './contract/acting.ts'
import { adding } from './contract/adding.ts'
import { admitting } from './contract/admitting.ts'
import { announcing } from './contract/announcing.ts'
import { claiming } from './contract/claiming.ts'
import { deciding } from './contract/deciding.ts'
import { delaying } from './contract/delaying.ts'
import { deleting } from './contract/deleting.ts'
import { depending } from './contract/depending.ts'
import { ending } from './contract/ending.ts'
import { limiting } from './contract/limiting.ts'
import { logging } from './contract/logging.ts'
import { modelling } from './contract/modelling.ts'
import { parking } from './contract/parking.ts'
import { queueing } from './contract/queueing.ts'
import { reading } from './contract/reading.ts'
import { remembering } from './contract/remembering.ts'
import { rescuing } from './contract/rescuing.ts'
import { rollingBack } from './contract/rolling-back.ts'
import { scheduling } from './contract/scheduling.ts'
import { sealing } from './contract/sealing.ts'
import { selecting } from './contract/selecting.ts'
import { settling } from './contract/settling.ts'
import { sharing } from './contract/sharing.ts'
import { starting } from './contract/starting.ts'
import { submitting } from './contract/submitting.ts'
import { suspecting } from './contract/suspecting.ts'
import { takingTurns } from './contract/taking-turns.ts'
import { timing } from './contract/timing.ts'
import { Driver } from './driver.ts'

/** Gives a new, empty store, which is closed after the test. */
export type Start = () => Promise<Driver>

const parts = {
  submitting,
  adding,
  sealing,
  admitting,
  suspecting,
  remembering,
  claiming,
  starting,
  settling,
  deciding,
  acting,
  depending,
  announcing,
  deleting,
  timing,
  scheduling,
  delaying,
  rescuing,
  'taking turns': takingTurns,
  queueing,
  parking,
  'sharing a queue': sharing,
  limiting,
  logging,
  ending,
  reading,
  selecting,
  'rolling back': rollingBack,
  'any sequence of steps': modelling,
}

/** What every dialect of the store has to do. `make` makes a database that holds nothing, and gives what opens it. */
export const describeStore = (dialect: string, make: () => () => Promise<Store>) =>
  describe(`store: ${dialect}`, () => {
    const started: Driver[] = []
    const start: Start = async () => {
      const open = make()
      const driver = new Driver(await open(), open)
      started.push(driver)
      return driver
    }
    afterEach(async () => {
      for (const { store } of started.splice(0)) await store.close()
    })

    for (const [name, part] of Object.entries(parts)) describe(name, () => part(start))
  })
