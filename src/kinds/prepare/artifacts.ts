import { show } from '../../job/errors.ts'
import { type FieldError, unexpected } from '../../job/explain.ts'
import type { Dependency } from '../../job/graph.ts'
import type { ArtifactUse } from '../kind.ts'
import { indexOf, noTask, type Others } from './after.ts'
import { literalError } from './placeholders.ts'

/** The tasks of a job, and those of them that one waits for. */
interface Around {
  /** Whether the task of an index saves a body, as far as that is known. */
  saves: (index: number) => boolean
  others: Others
  dependencies: readonly Dependency[]
}

/** What is wrong with the saved bodies that the task at the path `at` asks for, as far as it is known at submit. */
export const artifactErrors = (uses: readonly ArtifactUse[], around: Around, at: string): FieldError[] =>
  uses.flatMap((use) => artifactError(use, around, at) ?? [])

const artifactError = (
  { task, field }: ArtifactUse,
  { saves, others, dependencies }: Around,
  at: string,
): FieldError | undefined => {
  const literal = literalError(field, String(task))
  if (literal) return literal
  const index = indexOf(task, others)
  if (index === undefined) return noTask(task, others, field)
  if (!saves(index)) return unexpected(field, 'to be an "http" task with "save": true', task)
  if (dependencies.some((dependency) => dependency.task === index)) return undefined
  const message = `Expected "${field}" to be a task that "${at}.after" names, got ${show(task)}.`
  return { field, message }
}

/** Whether a task saves a body; a placeholder decides that when the task runs. */
export const mayHaveSaved = ({ kind, save }: { kind: string; save?: unknown }): boolean =>
  kind === 'http' && (save === true || typeof save === 'string')

/** The tasks of `each` come after none, and so have nothing of another. */
export const noArtifacts = (uses: readonly ArtifactUse[]): FieldError[] =>
  uses.map(({ task, field }) =>
    unexpected(field, 'to be left out, because the tasks of "each" come after none', task),
  )
