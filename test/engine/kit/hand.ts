import type { FollowOptions } from '../../../src/engine/follow.ts'
import { Hub } from '../../../src/engine/hub.ts'
import { told } from '../../../src/engine/told.ts'
import type { Store } from '../../../src/store/store.ts'
import { jobOf, type Rig } from '../../support/engine.ts'
import { jobIn } from '../../support/jobs.ts'

/** A job on a store, its changes published by hand, so that the hub can be looked into. */
export const handRun = async (
  rig: Rig,
  { store = rig.store, tasks = 10 }: { store?: Store; tasks?: number } = {},
) => {
  const hub = new Hub({ clock: rig.clock, store, rate: () => 0 })
  const submitted = await rig.store.commit(
    { submissions: [jobOf(tasks)], actions: [], settlements: [], claim: 0 },
    rig.clock.now(),
  )
  const { id } = jobIn(submitted.submitted[0])
  const claim = async (count: number) => {
    const committed = await rig.store.commit(
      { submissions: [], actions: [], settlements: [], claim: count },
      rig.clock.now(),
    )
    return () => hub.publish(committed.changes)
  }
  const join = ({ signal, ...options }: FollowOptions & { signal: AbortSignal }) =>
    told((reader) => hub.follow(id, options, reader), signal)
  return { hub, id, claim, join }
}
