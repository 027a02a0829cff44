import type { Idempotency, Submitted } from '../submission.ts'
import type { Books } from './books.ts'
import type { OpenJob } from './rows.ts'

/** How long a key lives that says nothing of it: a day. */
const defaultKeyMs = 86_400_000
/** How many keys a commit forgets at most. */
const mostForgotten = 500

/** What came of the request that used the key before, while the key lives. */
export const findEarlier = (books: Books, wanted: Idempotency | undefined): Submitted | undefined => {
  const row = wanted && books.statements.keyByName.get({ key: wanted.key })
  if (wanted === undefined || row === undefined) return undefined
  if (row.expiresAt <= books.now) {
    books.statements.deleteKey.run({ key: wanted.key })
    return undefined
  }
  const { digest, jobId } = row
  if (digest !== null && wanted.digest !== undefined && digest !== wanted.digest)
    return { type: 'mismatch', id: jobId }
  // What still comes in cannot be compared.
  if (digest === null || wanted.digest === undefined) return { type: 'pending', id: jobId }
  const job = books.byId(jobId)
  return job ? { type: 'repeated', job } : { type: 'gone', id: jobId }
}

export const insertKey = (
  { statements, now }: Books,
  { id }: OpenJob,
  { key, digest, forMs = defaultKeyMs }: Idempotency,
): void => {
  statements.insertKey.run({ key, digest: digest ?? null, jobId: id, expiresAt: now + forMs })
}

/** Lets a key stand for another request, unless it does already: its time may have been over before. */
export const freeKey = ({ statements }: Books, { id }: OpenJob, key: string): void => {
  if (statements.keyByName.get({ key })?.jobId === id) statements.deleteKey.run({ key })
}

/** Forgets keys whose time is over; returns whether there are more. */
export const forgetKeys = ({ statements, now }: Books): boolean => {
  const keys = statements.keysToForget.all({ now, limit: mostForgotten })
  for (const { key } of keys) statements.deleteKey.run({ key })
  return keys.length === mostForgotten
}
