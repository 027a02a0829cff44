import type { TaskCommon } from '../../job/spec.ts'

/** What a task says of itself that its job would say otherwise, as JSON text. */
export const optionsOf = ({
  retry,
  timeoutMs,
}: Pick<TaskCommon, 'retry' | 'timeoutMs'>): string | undefined =>
  retry === undefined && timeoutMs === undefined ? undefined : JSON.stringify({ retry, timeoutMs })
