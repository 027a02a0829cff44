import { toIso } from '../../engine/view.ts'
import type { Dependency } from '../../job/graph.ts'
import type { AttemptFailure, JobRecord, TaskEnd, TaskRecord, WholeTaskRecord } from '../../store/store.ts'

/**
 * Tasks as JSON text. Outputs and errors are JSON text in the store, and pass through as they are: parsing and
 * writing them again would cost time, and digits of long numbers.
 */
export const taskText = (task: TaskRecord): string => `{${headOf(task)}${stateOf(task)}${tailOf(task)}}`

export interface Whole {
  job: JobRecord
  after: readonly Dependency[]
  failures: readonly AttemptFailure[]
}

export const wholeTaskText = (task: WholeTaskRecord, { job, after, failures }: Whole): string => {
  const input = JSON.stringify(inputOf(task, job.template, after))
  return `{${headOf(task)}${stateOf(task)}${tailOf(task)},"input":${input},"failures":[${failures.map(failureText).join(',')}]}`
}

/** With its seq where results come in that order. */
export const resultText = (task: TaskEnd, withSeq: boolean): string =>
  `{${headOf(task)},"state":"${task.state}"${withSeq ? `,"seq":${task.seq}` : ''}${tailOf(task)}}`

const headOf = ({ index, key }: Pick<TaskRecord, 'index' | 'key'>) =>
  key === undefined ? `"index":${index}` : `"index":${index},"key":${JSON.stringify(key)}`

const stateOf = (task: TaskRecord) => {
  const { kind, queue, state, seq, runAt, startedAt, finishedAt } = task
  let text = `,"kind":${quoted(kind)},"queue":${quoted(queue)},"state":"${state}","seq":${seq}`
  if (state === 'queued') text += `,"runAt":"${toIso(runAt)}"`
  if (startedAt !== undefined) text += `,"startedAt":"${toIso(startedAt)}"`
  if (finishedAt !== undefined) text += `,"finishedAt":"${toIso(finishedAt)}"`
  return text
}

const tailOf = ({ attempt, output, error }: Pick<TaskRecord, 'attempt' | 'output' | 'error'>) => {
  let text = `,"attempt":${attempt}`
  if (output !== undefined) text += `,"output":${output}`
  if (error !== undefined) text += `,"error":${error}`
  return text
}

/** What most tasks of a page have in common, as JSON text. */
const texts = new Map<string, string>()
const mostTexts = 256

const quoted = (text: string): string => {
  let json = texts.get(text)
  if (json === undefined) {
    json = JSON.stringify(text)
    if (texts.size === mostTexts) texts.clear()
    texts.set(text, json)
  }
  return json
}

/** The task as it was submitted: the fields of its kind, with the item it was made for, and its own options. */
const inputOf = (
  { kind, key, input, options }: WholeTaskRecord,
  template: string | undefined,
  after: readonly Dependency[],
): object => ({
  kind,
  ...(key !== undefined && { key }),
  ...JSON.parse(template ?? input),
  ...(template !== undefined && { item: JSON.parse(input) }),
  ...(after.length > 0 && { after: after.map((one) => (one.on === 'succeeded' ? one.task : one)) }),
  ...(options !== undefined && JSON.parse(options)),
})

const failureText = ({ attempt, startedAt, finishedAt, error }: AttemptFailure) =>
  `{"attempt":${attempt},"startedAt":"${toIso(startedAt)}","finishedAt":"${toIso(finishedAt)}","error":${error}}`
