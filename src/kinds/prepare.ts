import { accepts } from '../job/check.ts'
import { show } from '../job/errors.ts'
import { explain, type FieldError, invalid, mostErrors } from '../job/explain.ts'
import type { Rule } from '../job/modes.ts'
import { defaultPriority } from '../job/spec.ts'
import type { Idempotency, NewJob, NewTask } from '../store/store.ts'
import type { Kind } from './kind.ts'
import type { Kinds } from './kinds.ts'
import { ruleErrors } from './rule.ts'
import { JobSpec, type TaskSpec } from './spec.ts'

export interface JobMeta {
  id: string
  idempotency?: Idempotency | undefined
}

/** Takes what came over the wire for a job. Throws a Problem (`invalid`) that says where it does not fit the schema. */
export const parseJob = (value: unknown): JobSpec => {
  if (accepts(JobSpec, value)) return value
  throw invalid(explain(JobSpec, value))
}

/**
 * Makes a job that a store takes out of one that fits the schema. Throws a Problem (`invalid`) with the first
 * {@link mostErrors} errors that the schema could not see.
 */
export const prepareJob = (spec: JobSpec, kinds: Kinds, { id, idempotency }: JobMeta): NewJob => {
  const rule = ruleOf(spec)
  const errors: FieldError[] = ruleErrors(spec, rule)
  const tasks = prepareTasks(spec.tasks, kinds, errors)
  if (errors.length > 0) throw invalid(errors)
  return {
    id,
    name: spec.name,
    rule,
    concurrency: spec.concurrency,
    priority: spec.priority ?? defaultPriority,
    labels: spec.labels ?? {},
    defaults: spec.retry ? { retry: spec.retry } : {},
    timeoutMs: spec.timeoutMs,
    keepMs: spec.keepMs,
    idempotency,
    tasks,
  }
}

const ruleOf = ({ mode = 'allSettled', tolerate = 0, quorum = 1 }: JobSpec): Rule => ({
  mode,
  tolerate,
  quorum,
})

/** Adds to `errors` what is wrong with a task, and stops when there are enough of them. */
const prepareTasks = (specs: readonly TaskSpec[], kinds: Kinds, errors: FieldError[]): NewTask[] => {
  const indexes = new Map<string, number>()
  const tasks: NewTask[] = []
  for (const [index, spec] of specs.entries()) {
    if (errors.length >= mostErrors) break
    const at = `tasks[${index}]`
    const before = errors.length
    if (spec.key !== undefined) claimKey(spec.key, index, indexes, errors)
    const { kind: name, key, queue, retry, timeoutMs, ...input } = spec
    const kind: Kind = kinds[name]
    if (kind.check) errors.push(...kind.check(input, at))
    if (errors.length === before) {
      tasks.push({
        key,
        kind: name,
        queue: queue ?? kind.queue(input),
        input: JSON.stringify(input),
        options: optionsOf(spec),
      })
    }
  }
  return tasks
}

const optionsOf = ({ retry, timeoutMs }: TaskSpec): string | undefined =>
  retry === undefined && timeoutMs === undefined ? undefined : JSON.stringify({ retry, timeoutMs })

const claimKey = (key: string, index: number, indexes: Map<string, number>, errors: FieldError[]): void => {
  const first = indexes.get(key)
  if (first === undefined) {
    indexes.set(key, index)
    return
  }
  const field = `tasks[${index}].key`
  const message = `Expected "${field}" to differ from the key of tasks[${first}], got ${show(key)} for both.`
  errors.push({ field, message })
}
