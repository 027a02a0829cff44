import { largestEventOutput, largestFrame } from '../job/events.ts'
import type { Filter } from '../job/filter.ts'
import { hasEnded, type TaskState, taskStates } from '../job/state.ts'
import type { Progress } from '../kinds/kind.ts'
import type { JobChange, JobRecord, TaskChange } from '../store/store.ts'
import { TextWriter } from './text-writer.ts'
import { toIso, viewJob } from './view.ts'

/** One message about one job, ready to be sent: serialised once, when the first reader asks, however many read it. */
export interface Frame {
  readonly type: 'job' | 'tasks' | 'progress'
  readonly job: string
  /** The highest seq in it: where a reader resumes who has seen it. Undefined for progress, which is not replayed. */
  readonly seq: number | undefined
  /** The seq before it: a reader that has seen less has a gap to fill first. */
  readonly since: number
  /** Whether it is the job's last: the job has ended. */
  readonly last: boolean
  /** The message as JSON text: once for each filter, and undefined when that leaves nothing of it. */
  text(filter?: Filter): string | undefined
}

/** A frame carries at most so many tasks: all that a commit changes, if it is not a very large one. */
export const mostTasks = 1_000

type Rate = (job: JobRecord) => number

/** The frames of one change, in order: its tasks, then the job if that has moved. */
export const framesOf = ({ job, since, moved, tasks }: JobChange, rate: Rate): Frame[] => {
  const frames = tasksFrames(job, tasks, since)
  if (moved) frames.push(jobFrame(job, rate, frames.at(-1)?.seq ?? since))
  return frames
}

/** Tasks in seq order, cut into what fits a frame, each of which begins where the one before it ends. */
export const tasksFrames = (job: JobRecord, tasks: readonly TaskChange[], since: number): Frame[] => {
  let from = since
  return batches(tasks).map((batch) => {
    const frame = tasksFrame(job, batch, from)
    from = frame.seq
    return frame
  })
}

/** More than the longest head of a message, and than a task of a message without its key, output and error. */
const headBytes = 512
const taskBytes = 200

/** Tasks in seq order, cut into what fits one frame; what is too large to be told is let go of. */
export const batches = (tasks: readonly TaskChange[]): TaskChange[][] => {
  const all: TaskChange[][] = []
  let batch: TaskChange[] = []
  let bytes = headBytes
  for (const task of tasks) {
    const size = mostBytesOf(task)
    if (batch.length === mostTasks || (batch.length > 0 && bytes + size > largestFrame)) {
      all.push(batch)
      batch = []
      bytes = headBytes
    }
    batch.push(isTooLarge(task) ? { ...task, output: undefined } : task)
    bytes += size
  }
  if (batch.length > 0) all.push(batch)
  return all
}

/** What a task adds to a message, at most: a character of a key is at most 6 bytes of JSON. */
const mostBytesOf = (task: TaskChange): number => {
  const output = isTooLarge(task) ? 0 : task.outputBytes
  const error = task.error === undefined ? 0 : Buffer.byteLength(task.error)
  return taskBytes + output + error + 6 * (task.key?.length ?? 0)
}

const isTooLarge = ({ outputBytes }: TaskChange) => outputBytes > largestEventOutput

const tasksFrame = (job: JobRecord, tasks: readonly TaskChange[], since: number) => {
  const seq = tasks.at(-1)?.seq ?? since
  const text = remembered((filter) => {
    const told = filter ? tasks.filter((task) => filter.wants(task)) : tasks
    if (told.length === 0) return undefined
    const { id, counts } = job
    const head = `{"type":"tasks","job":"${id}","seq":${seq},"counts":${JSON.stringify(counts)},"data":`
    writer.begin().ascii(head)
    let before = '['
    for (const task of told) {
      writer.ascii(before)
      writeTask(task, filter?.output ?? true)
      before = ','
    }
    return writer.ascii(']}').end()
  })
  return { type: 'tasks', job: job.id, seq, since, last: false, text } as const satisfies Frame
}

export const jobFrame = (job: JobRecord, rate: Rate, since = job.seq): Frame => {
  let text: string | undefined
  const write = () => {
    const data = JSON.stringify(viewJob(job, rate(job)))
    return `{"type":"job","job":"${job.id}","seq":${job.seq},"data":${data}}`
  }
  return {
    type: 'job',
    job: job.id,
    seq: job.seq,
    since,
    last: hasEnded(job.state),
    text() {
      text ??= write()
      return text
    },
  }
}

/** The latest of each task that runs, by its index. */
export type LatestProgress = ReadonlyMap<number, { key: string | undefined; progress: Progress }>

export const progressFrame = (job: string, latest: LatestProgress): Frame => {
  const text = remembered((filter) => {
    const told = [...latest].filter(([, { key }]) => filter?.wants({ key, state: 'running' }) ?? true)
    if (told.length === 0) return undefined
    const data = told.map(([index, { progress }]) => {
      const { done, total, message } = progress
      return { index, done, total, message }
    })
    return `{"type":"progress","job":"${job}","data":${JSON.stringify(data)}}`
  })
  return { type: 'progress', job, seq: undefined, since: 0, last: false, text }
}

const writer = new TextWriter()

/** Outputs and errors are JSON text already, and are passed through as they are. */
const writeTask = (task: TaskChange, withOutput: boolean): void => {
  const { index, key, state, attempt, seq, runAt, output, outputBytes, error } = task
  writer.ascii('{"index":').integer(index)
  if (key !== undefined) writer.ascii(',"key":').text(JSON.stringify(key))
  if (attempt === 1) writer.ascii(firstAttempt[state])
  else writer.ascii(beforeAttempt[state]).integer(attempt).ascii(',"seq":')
  writer.integer(seq)
  if (runAt !== undefined) writer.ascii(`,"runAt":"${toIso(runAt)}"`)
  if (isTooLarge(task) || (!withOutput && outputBytes > 0))
    writer.ascii(',"outputBytes":').integer(outputBytes)
  else if (output !== undefined) writer.ascii(',"output":').text(output)
  if (error !== undefined) writer.ascii(',"error":').text(error)
  writer.ascii('}')
}

const forEachState = (write: (state: TaskState) => string) =>
  Object.fromEntries(taskStates.map((state) => [state, write(state)])) as Record<TaskState, string>
const beforeAttempt = forEachState((state) => `,"state":"${state}","attempt":`)
/** What most tasks have is copied in one piece. */
const firstAttempt = forEachState((state) => `,"state":"${state}","attempt":1,"seq":`)

/** Writes a text once for each filter. */
const remembered = (write: (filter: Filter | undefined) => string | undefined): Frame['text'] => {
  let whole: string | undefined
  let filtered: Map<string, string | undefined> | undefined
  return (filter) => {
    if (filter === undefined) {
      whole ??= write(undefined)
      return whole
    }
    filtered ??= new Map()
    if (!filtered.has(filter.name)) filtered.set(filter.name, write(filter))
    return filtered.get(filter.name)
  }
}
