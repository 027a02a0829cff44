import { accepts } from '../../job/check.ts'
import { explain, invalid } from '../../job/explain.ts'
import { QueueName } from '../../job/queues.ts'

/** The name of a queue, or a pattern of names, in a path. Throws a Problem if nothing can have it. */
export const readQueueName = (name: string): string => {
  if (accepts(QueueName, name)) return name
  throw invalid(explain(QueueName, name, 'name'))
}
