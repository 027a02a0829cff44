import type { JobRecord, TaskChange } from '../../store/store.ts'
import type { Failure } from '../errors.ts'
import { toIso } from '../iso.ts'
import type { JobState } from '../state.ts'
import { type JobSummary, summaryOf } from '../summary.ts'
import type { Webhook, WebhookEvent } from '../webhook.ts'

/** What has happened to a job since its webhook was last told. */
export interface Change {
  /** The state that it was told of last; undefined for a new job. */
  before: JobState | undefined
  tasks: readonly TaskChange[]
}

/** One message. The specification calls its id the idempotency key: it stays the same however often it is sent. */
export interface News {
  id: string
  payload: Payload
}

/** What is posted, by the convention of the specification; links are paths on this server. */
export interface Payload {
  type: WebhookEvent
  timestamp: string
  data: JobSummary & {
    links: { job: string; results: string }
    /** The tasks that failed, and how many more did in the same moment. */
    tasks?: FailedTask[]
    moreTasks?: number
  }
}

type FailedTask = Pick<TaskChange, 'index' | 'attempt'> & {
  key?: string
  error: Pick<Failure, 'code' | 'message'>
}

/** How many failed tasks a message names: the specification wants it small. */
const mostTasks = 50

/** What to tell of a change, if the webhook asks for it. Of states that were left again in the same commit, the last counts. */
export const newsOf = (
  { events }: Webhook,
  job: JobRecord,
  { before, tasks }: Change,
  now: number,
): News[] => {
  const told: Omit<Payload, 'timestamp'>[] = []
  const summary = () => ({ ...summaryOf(job), links: linksOf(job) })
  const failed = events.includes('tasks.failed') ? tasks.filter(({ state }) => state === 'failed') : []
  if (failed.length > 0) told.push({ type: 'tasks.failed', data: { ...summary(), ...naming(failed) } })
  const type = `job.${job.state}` as const
  if (job.state !== before && events.includes(type)) told.push({ type, data: summary() })
  const timestamp = toIso(now)
  return told.map(({ type, data }, n) => ({
    // A full stop would end the id in what is signed.
    id: `${idsOf(job.id)}${String(job.seq).padStart(seqDigits, '0')}_${n}`,
    payload: { type, timestamp, data },
  }))
}

/** As many as a safe integer has, so that the ids of a job are in the order of what happened. */
const seqDigits = 16

/** What the ids of all messages of a job begin with. */
export const idsOf = (job: string): string => `msg_${job.replaceAll('-', '')}_`

const linksOf = ({ id }: JobRecord) => ({ job: `/jobs/${id}`, results: `/jobs/${id}/results` })

const naming = (failed: readonly TaskChange[]) => ({
  tasks: failed.slice(0, mostTasks).map(({ index, key, attempt, error }): FailedTask => {
    // Written by Sheaf when the task failed.
    const { code, message } = JSON.parse(error ?? '{}') as Failure
    return { index, ...(key !== undefined && { key }), attempt, error: { code, message } }
  }),
  ...(failed.length > mostTasks && { moreTasks: failed.length - mostTasks }),
})
