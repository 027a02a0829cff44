import { largestEventOutput } from '../job/events.ts'
import { hasEnded } from '../job/state.ts'
import type { Progress } from '../kinds/kind.ts'
import type { JobChange, JobRecord, TaskChange } from '../store/store.ts'
import { toIso, viewJob } from './view.ts'

/** One message about one job, ready to be sent: serialised once, when the first reader asks, however many read it. */
export interface Frame {
  readonly type: 'job' | 'tasks' | 'progress'
  readonly job: string
  /** The highest seq in it: where a reader resumes who has seen it. Undefined for progress, which is not replayed. */
  readonly seq: number | undefined
  /** The seq before it: a reader that has seen less has a gap to fill first. */
  readonly since: number
  /** The message as JSON text. */
  readonly text: string
  /** Whether it is the job's last: the job has ended. */
  readonly last: boolean
}

/** A frame carries at most so many tasks, and is closed once it is so long. */
export const mostTasks = 500
const longest = 262_144

type Rate = (job: JobRecord) => number

/** The frames of one change, in order: its tasks, then the job if that has moved. */
export const framesOf = ({ job, since, moved, tasks }: JobChange, rate: Rate): Frame[] => {
  const frames: Frame[] = []
  let from = since
  for (const batch of batches(tasks)) {
    const frame = tasksFrame(job, batch, from)
    frames.push(frame)
    from = frame.seq ?? from
  }
  if (moved) frames.push(jobFrame(job, rate, from))
  return frames
}

/** Tasks in seq order, cut into what fits one frame; what is too large to be told is let go of. */
export function* batches(tasks: readonly TaskChange[]): Generator<TaskChange[]> {
  let batch: TaskChange[] = []
  let length = 0
  for (const task of tasks) {
    const tooLarge = task.outputBytes > largestEventOutput
    batch.push(tooLarge ? { ...task, output: undefined } : task)
    length += (tooLarge ? 0 : task.outputBytes) + (task.error?.length ?? 0)
    if (batch.length < mostTasks && length < longest) continue
    yield batch
    batch = []
    length = 0
  }
  if (batch.length > 0) yield batch
}

export const tasksFrame = (job: JobRecord, tasks: readonly TaskChange[], since: number): Frame => {
  const seq = tasks.at(-1)?.seq ?? since
  return lazy({ type: 'tasks', job: job.id, seq, since, last: false }, () => {
    const head = `{"type":"tasks","job":"${job.id}","seq":${seq},"counts":${JSON.stringify(job.counts)}`
    return `${head},"data":[${tasks.map(taskText).join(',')}]}`
  })
}

export const jobFrame = (job: JobRecord, rate: Rate, since = job.seq): Frame =>
  lazy({ type: 'job', job: job.id, seq: job.seq, since, last: hasEnded(job.state) }, () => {
    const data = JSON.stringify(viewJob(job, rate(job)))
    return `{"type":"job","job":"${job.id}","seq":${job.seq},"data":${data}}`
  })

export const progressFrame = (job: string, latest: ReadonlyMap<number, Progress>): Frame => {
  const data = [...latest].map(([index, { done, total, message }]) => ({ index, done, total, message }))
  const text = `{"type":"progress","job":"${job}","data":${JSON.stringify(data)}}`
  return { type: 'progress', job, seq: undefined, since: 0, last: false, text }
}

/** Outputs and errors are JSON text already, and are passed through as they are. */
const taskText = (task: TaskChange): string => {
  let text = `{"index":${task.index}`
  if (task.key !== undefined) text += `,"key":${JSON.stringify(task.key)}`
  text += `,"state":"${task.state}","attempt":${task.attempt},"seq":${task.seq}`
  if (task.runAt !== undefined) text += `,"runAt":"${toIso(task.runAt)}"`
  if (task.outputBytes > largestEventOutput) text += `,"outputBytes":${task.outputBytes}`
  else if (task.output !== undefined) text += `,"output":${task.output}`
  if (task.error !== undefined) text += `,"error":${task.error}`
  return `${text}}`
}

const lazy = (head: Omit<Frame, 'text'>, write: () => string): Frame => {
  let text: string | undefined
  return {
    ...head,
    get text() {
      text ??= write()
      return text
    },
  }
}
