import { show } from '../../job/errors.ts'
import { type FieldError, unexpected } from '../../job/explain.ts'
import type { Dependency } from '../../job/graph.ts'
import type { ArtifactUse } from '../kind.ts'
import type { TaskSpec } from '../spec.ts'
import { indexOf, noTask, type Others } from './after.ts'
import { literalError } from './placeholders.ts'

/** The tasks of a job, and those of them that one waits for. */
interface Around {
  specs: readonly TaskSpec[]
  others: Others
  dependencies: readonly Dependency[]
}

/** What is wrong with the saved bodies that the task at the path `at` asks for, as far as it is known at submit. */
export const artifactErrors = (uses: readonly ArtifactUse[], around: Around, at: string): FieldError[] =>
  uses.flatMap((use) => artifactError(use, around, at) ?? [])

const artifactError = (
  { task, field }: ArtifactUse,
  { specs, others, dependencies }: Around,
  at: string,
): FieldError | undefined => {
  const literal = literalError(field, String(task))
  if (literal) return literal
  const index = indexOf(task, others)
  const spec = index === undefined ? undefined : specs[index]
  if (!spec) return noTask(task, others, field)
  if (!mayHaveSaved(spec)) return unexpected(field, 'to be an "http" task with "save": true', task)
  if (dependencies.some((dependency) => dependency.task === index)) return undefined
  const message = `Expected "${field}" to be a task that "${at}.after" names, got ${show(task)}.`
  return { field, message }
}

/** A placeholder decides when the task runs. */
const mayHaveSaved = (spec: TaskSpec): boolean =>
  spec.kind === 'http' && (spec.save === true || typeof spec.save === 'string')

/** The tasks of `each` come after none, and so have nothing of another. */
export const noArtifacts = (uses: readonly ArtifactUse[]): FieldError[] =>
  uses.map(({ task, field }) =>
    unexpected(field, 'to be left out, because the tasks of "each" come after none', task),
  )
