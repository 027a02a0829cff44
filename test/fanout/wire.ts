import type { ServerMessage } from '../../src/job/events.ts'
import { Fold } from '../engine/kit/fold.ts'

/** Adds a message to what a subscriber knows, as if it had come straight from the hub. */
export const takeText = (fold: Fold, text: string): void => {
  const message = JSON.parse(text) as ServerMessage
  if (message.type !== 'job' && message.type !== 'tasks') return
  const { type, job, seq } = message
  fold.take({ type, job, seq, since: 0, last: type === 'job' && message.data.finishedAt !== null, text })
}

/** What a subscriber knows who was sent these, from the first change on. */
export const foldOf = (texts: Iterable<string>): Fold => {
  const fold = new Fold(0)
  for (const text of texts) takeText(fold, text)
  return fold
}
