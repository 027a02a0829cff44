import { accepts } from '../job/check.ts'
import { dueOf } from '../job/due.ts'
import { explain, type FieldError, invalid, unexpected } from '../job/explain.ts'
import type { Rule } from '../job/modes.ts'
import { defaultPriority, defaultSealTimeoutMs } from '../job/spec.ts'
import { uniqueOf } from '../job/unique.ts'
import type { Idempotency, NewJob, Owner, TaskDefaults } from '../store/store.ts'
import type { Kinds } from './kinds.ts'
import type { Known } from './prepare/check.ts'
import { prepareEach } from './prepare/each.ts'
import { beginning } from './prepare/place.ts'
import { literalError } from './prepare/placeholders.ts'
import { prepareTasks } from './prepare/tasks.ts'
import { webhookOf } from './prepare/webhook.ts'
import { ruleErrors } from './rule.ts'
import { JobSpec, PlainJobSpec } from './spec.ts'

export interface JobMeta {
  id: string
  /** When the job was submitted, in milliseconds since the epoch. */
  now: number
  idempotency?: Idempotency | undefined
  owner?: Owner | undefined
  /** The names of the secrets that this server has. Default none. */
  secrets?: ReadonlySet<string>
  /**
   * Of a job whose tasks come a line at a time, in which each may come after earlier ones only: whether these are all, or the
   * first of them. Default: the job came as one value.
   */
  lines?: 'all' | 'first'
}

/** Takes what came over the wire for a job. Throws a Problem (`invalid`) that says where it does not fit the schema. */
export const parseJob = (value: unknown): JobSpec => {
  if (accepts(JobSpec, value)) {
    if ((value.tasks === undefined) !== (value.each === undefined)) return value
    throw invalid([eitherOr(value)])
  }
  const plain = new Map(explain(PlainJobSpec, value).map(({ field, message }) => [field, message]))
  const errors = explain(JobSpec, value)
  throw invalid(errors.map(({ field, message }) => ({ field, message: plain.get(field) ?? message })))
}

const eitherOr = ({ each }: { each?: unknown }): FieldError =>
  each === undefined
    ? {
        field: 'tasks',
        message: 'Expected "tasks" to be an array of tasks, or "each" in its place, got nothing.',
      }
    : { field: 'each', message: 'Expected either "tasks" or "each", got both.' }

/**
 * Makes a job that a store takes out of one that fits the schema. Throws a Problem (`invalid`) with the first errors
 * that the schema could not see.
 */
export const prepareJob = (
  spec: JobSpec,
  kinds: Kinds,
  { id, now, idempotency, owner, secrets = new Set(), lines }: JobMeta,
): NewJob => {
  const rule = ruleOf(spec)
  const open = spec.sealed === false || lines === 'first'
  const errors: FieldError[] = ruleErrors(spec, rule, open)
  if (spec.sealTimeoutMs !== undefined && spec.sealed !== false && lines === undefined)
    errors.push(unexpected('sealTimeoutMs', 'only with "sealed": false', spec.sealTimeoutMs))
  const literal = literalError('queue', spec.queue)
  if (literal) errors.push(literal)
  const unique = spec.unique && uniqueOf(spec.unique, errors)
  const webhook = spec.webhook && webhookOf(spec.webhook, kinds.webhook, errors)
  const runAt = dueOf(spec, { now, from: now }, '', errors)
  const known: Known = { kinds, secrets, queue: spec.queue, times: { now, from: runAt ?? now } }
  const { tasks, template } = spec.each
    ? prepareEach(spec.each, known, errors)
    : { tasks: prepareTasks(spec.tasks, known, errors, lines && beginning), template: undefined }
  if (errors.length > 0) throw invalid(errors)
  return {
    id,
    name: spec.name,
    rule,
    concurrency: spec.concurrency,
    priority: spec.priority ?? defaultPriority,
    labels: spec.labels ?? {},
    defaults: { ...(spec.retry && { retry: spec.retry }), ...(open && forMore(spec)) },
    sealTimeoutMs: open ? (spec.sealTimeoutMs ?? defaultSealTimeoutMs) : undefined,
    timeoutMs: spec.timeoutMs,
    keepMs: spec.keepMs,
    idempotency,
    runAt,
    unique,
    webhook,
    owner,
    template,
    tasks,
  }
}

/** What tasks that are added later are made with, beside the template. */
const forMore = ({ queue, each }: JobSpec): TaskDefaults => {
  const { kind, key, queue: own, retry, timeoutMs, delayMs, runAt } = each?.task ?? {}
  const recipe = each && { kind, key, queue: own, retry, timeoutMs, delayMs, runAt }
  return { ...(queue !== undefined && { queue }), ...(recipe && { each: recipe }) }
}

const ruleOf = ({ mode = 'allSettled', tolerate = 0, quorum = 1 }: JobSpec): Rule => ({
  mode,
  tolerate,
  quorum,
})
