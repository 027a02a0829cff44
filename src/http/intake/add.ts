import { expected, Problem, show } from '../../job/errors.ts'
import { type FieldError, invalid } from '../../job/explain.ts'
import { limits } from '../../job/limits.ts'
import { hasEnded } from '../../job/state.ts'
import { prepareMore } from '../../kinds/prepare/more.ts'
import type { Added, Addition, JobRecord, NewTask } from '../../store/store.ts'
import { fullProblem } from '../answer/submitted.ts'
import type { AppOptions } from '../options.ts'
import { namingLines, withLines } from '../request/lines.ts'
import { noJob } from '../request/lookup.ts'
import type { Rows } from '../request/rows.ts'
import { sayingHowFar } from './progress.ts'

export type Tools = Pick<AppOptions, 'engine' | 'kinds' | 'secrets' | 'clock' | 'maxQueuedPerToken'>

/** What is to be done to a job beside adding rows to it. */
export interface Adding extends Pick<Addition, 'seal' | 'digest'> {
  job: JobRecord
  /** How many tasks the job is to have before these. Default: however many it has. */
  from: number | undefined
}

/**
 * Adds rows to a job, all or none of them. Resolves with the job when they are on disk. Throws the Problem that says why they
 * are not, and how many tasks the job has.
 */
export const addRows = async (rows: Rows, { from, ...adding }: Adding, tools: Tools): Promise<JobRecord> => {
  let { job } = adding
  for (;;) {
    const at = from ?? job.counts.total
    const tasks = await sayingHowFar(job, () => prepare(rows, job, at, tools))
    const addition: Addition = {
      job: job.id,
      // Tasks that say nothing of where they are may be anywhere: then nobody has to try again.
      from: from ?? (job.template !== undefined || tasks.some(isPlaced) ? at : undefined),
      tasks,
      seal: adding.seal,
      digest: adding.digest,
      mostWaiting: tools.maxQueuedPerToken,
    }
    const added = await sayingHowFar(job, () => tools.engine.add(addition))
    if ('job' in added) job = added.job
    if (added.type !== 'elsewhere' || from !== undefined)
      return sayingHowFar(job, () => namingLines(rows, () => accepted(added, { job, from: at, rows, tasks })))
  }
}

/** A name that is made with the index is known only where the task is. */
const isPlaced = ({ after, input }: NewTask) => after !== undefined || input.includes('{{index}}')

const prepare = async (rows: Rows, job: JobRecord, at: number, tools: Tools): Promise<NewTask[]> => {
  const { engine, kinds, secrets, clock } = tools
  const place = { from: at, nameOf: (index: number) => rows.nameOf(rows.start + index - at) }
  const lookup = engine.store.task.bind(engine.store, job)
  const room = limits.tasks - at
  try {
    // Of a job with a template, the rest of its task may not have been kept.
    if (job.sealed && job.template !== undefined && rows.values.length > 0) throw sealedProblem()
    if (rows.values.length > room) throw tooMany(rows.nameOf(rows.start + Math.max(0, room)))
    return await prepareMore(rows.values, { job, kinds, secrets, now: clock.now(), place, lookup })
  } catch (error) {
    throw withLines(error, rows)
  }
}

const tooMany = (field: string): Problem =>
  invalid([{ field, message: `Expected a job of at most ${limits.tasks} tasks, got more with "${field}".` }])

interface Asked {
  job: JobRecord
  from: number
  rows: Rows
  tasks: readonly NewTask[]
}

/** What became of an addition. Throws the Problem that says why nothing was added. */
const accepted = (added: Added, { job, from, rows, tasks }: Asked): JobRecord => {
  switch (added.type) {
    case 'added':
      return added.job
    case 'missing':
      throw noJob(job.id)
    case 'sealed':
      throw sealedProblem()
    case 'decided':
      throw new Problem('conflict', `Expected a job that takes more tasks, got one that ${fateOf(job)}.`)
    case 'elsewhere':
      throw new Problem(
        'conflict',
        expected('from', `to be ${job.counts.total}, the number of tasks that the job has`, from),
      )
    case 'taken':
      throw invalid([takenError(rows, added.position, tasks[added.position]?.key)])
    case 'full':
      throw fullProblem(added, tasks.length, rows.field)
    default:
      return added satisfies never
  }
}

const sealedProblem = (): Problem =>
  new Problem('conflict', 'Expected a job that takes more tasks, got one that is sealed.')

const fateOf = ({ state, outcome }: JobRecord): string =>
  hasEnded(state) ? `has ${state}` : `is stopping, as it has ${outcome}`

/** The key of an item is made by its template. */
const takenError = (rows: Rows, position: number, key: string | undefined): FieldError => {
  const row = rows.nameOf(rows.start + position)
  const field = rows.field === 'tasks' ? `${row}.key` : row
  const message = `Expected the key of ${row} to differ from those of the tasks that the job has, got ${show(key)}.`
  return { field, message }
}
