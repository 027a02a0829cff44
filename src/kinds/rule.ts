import { expected } from '../job/errors.ts'
import { type FieldError, unexpected } from '../job/explain.ts'
import type { Rule } from '../job/modes.ts'
import type { JobSpec } from './spec.ts'

/** What contradicts itself in how a job gathers its outcomes. How many tasks it has is open while more may come. */
export const ruleErrors = (spec: JobSpec, { mode, quorum }: Rule, open = false): FieldError[] => {
  const tasks = spec.each?.items ?? spec.tasks ?? []
  const { length } = tasks
  const errors: FieldError[] = []
  if (mode === 'race' && length === 0 && !open) {
    const field = spec.each ? 'each.items' : 'tasks'
    errors.push(unexpected(field, 'to hold a task at least, because nobody would win the race', tasks))
  }
  if (spec.tolerate !== undefined && mode !== 'all') errors.push(onlyWith('tolerate', 'all', mode))
  if (spec.quorum !== undefined && mode !== 'any') errors.push(onlyWith('quorum', 'any', mode))
  // Of no tasks, `any` fails at once whatever its quorum, as Promise.any does.
  else if (quorum > Math.max(1, length) && !open) {
    errors.push(unexpected('quorum', `of at most ${length}, the number of tasks`, quorum))
  }
  return errors
}

const onlyWith = (field: string, needed: string, mode: string): FieldError => ({
  field,
  message: expected(field, `only with "mode": "${needed}"`, mode),
})
