import type { TaskRecord } from '../../store/store.ts'
import type { Saved } from './artifacts.ts'

/** What the output of a task tells of the body that it saved. */
export interface SavedBody extends Saved {
  /** The `content-type` it came with; `application/octet-stream` if it came with none. */
  type: string
}

/** What a task saved, if it did. Outputs of other kinds may say anything: they are not asked. */
export const savedBy = ({
  kind,
  state,
  output,
}: Pick<TaskRecord, 'kind' | 'state' | 'output'>): SavedBody | undefined => {
  if (kind !== 'http' || state !== 'succeeded' || output === undefined) return undefined
  // Sheaf wrote it.
  return (JSON.parse(output) as { artifact?: SavedBody }).artifact
}
