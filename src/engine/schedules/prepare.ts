import type { Kind } from '../../kinds/kind.ts'
import type { Kinds } from '../../kinds/kinds.ts'
import { parseJob, prepareJob } from '../../kinds/prepare.ts'
import type { NewJob } from '../../store/store.ts'

export interface PrepareOptions {
  kinds: Readonly<Record<string, Kind>>
  /** Default none. */
  secrets?: ReadonlyMap<string, string> | undefined
  /** How many tasks may wait that have the same owner. Default: any number. */
  mostWaitingPerOwner?: number | undefined
}

export interface Made {
  id: string
  now: number
  /** Who put the schedule there. */
  owner: string | undefined
}

/** Makes a job that a store takes of what `POST /jobs` takes. Throws a Problem (`invalid`). */
export type Prepare = (job: unknown, made: Made) => NewJob

export const preparing = ({ kinds, secrets = new Map(), mostWaitingPerOwner }: PrepareOptions): Prepare => {
  const names = new Set(secrets.keys())
  return (job, { id, now, owner }) =>
    // What parses is of kinds that every server has; only an engine in a test has others.
    prepareJob(parseJob(job), kinds as Kinds, {
      id,
      now,
      owner: owner === undefined ? undefined : { id: owner, mostWaiting: mostWaitingPerOwner },
      secrets: names,
    })
}
