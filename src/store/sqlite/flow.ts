import type { Limits } from '../../job/queues.ts'
import type { FlowRecords, Limited, LimitsChange, LimitsRecord, QueueState, Started } from '../flow.ts'
import type { limits } from './schema.ts'
import type { Statements } from './statements/index.ts'

/** Sets or removes what a queue allows. A queue that was paused before stays paused since then. */
export const limit = (
  statements: Statements,
  { name, limits: wanted }: LimitsChange,
  now: number,
): Limited => {
  const row = statements.limitsOf.get({ name })
  const existed = row !== undefined
  if (wanted === undefined) {
    statements.deleteLimits.run({ name })
    return { name, record: undefined, existed }
  }
  const pausedAt = wanted.paused ? (row?.pausedAt ?? now) : undefined
  statements.saveLimits.run({ name, limits: JSON.stringify(wanted), pausedAt: pausedAt ?? null, now })
  return { name, record: { name, limits: wanted, pausedAt, updatedAt: now }, existed }
}

export const keepState = (statements: Statements, { queue, state }: QueueState): void => {
  if (state === undefined) statements.deleteQueueState.run({ queue })
  else statements.saveQueueState.run({ queue, state })
}

export const noteStarted = (statements: Statements, { queue, bucket, at, from }: Started): void => {
  statements.noteStarted.run({ queue, bucket, at })
  statements.forgetStarts.run({ queue, from })
}

export const readFlow = (statements: Statements): FlowRecords => ({
  limits: statements.limits.all().map(toLimits),
  states: statements.queueStates.all(),
  starts: statements.starts.all().map(({ at, ...row }) => ({ ...row, at: at ?? undefined })),
})

const toLimits = (row: typeof limits.$inferSelect): LimitsRecord => ({
  name: row.name,
  // Written by `limit`, after validation.
  limits: JSON.parse(row.limits) as Limits,
  pausedAt: row.pausedAt ?? undefined,
  updatedAt: row.updatedAt,
})
