/** What a server did, as its system calls show it: each when it began, but for `synced`. */
export type Traced =
  /** To the write-ahead log. */
  | { type: 'written'; thread: number; marks: string[] }
  | { type: 'syncing'; thread: number }
  /** All that was written to the log before this thread began to sync it is on disk. */
  | { type: 'synced'; thread: number }
  /** To a socket. */
  | { type: 'sent'; thread: number; kind: 'answer' | 'frame' | 'stream' | 'other'; marks: string[] }
  /** By a system call whose bytes cannot be seen. */
  | { type: 'opaque'; thread: number; number: number }

/** What the system calls of a server say of its word. */
export interface Account {
  /** What left too early, and how. */
  faults: string[]
  /** The marks that left, by how. */
  sent: Record<'answer' | 'frame' | 'stream', Set<string>>
  writes: number
  syncs: number
}

/**
 * Holds each answer and each event to the log. A mark is a text that is stored by one change only, and told by the answer or
 * the event about that change: it may leave once the log that holds it is synced. And nothing may be told by a thread that wrote to
 * the log and has not synced it, whatever it is.
 */
export const accountOf = (calls: readonly Traced[]): Account => {
  const account: Account = {
    faults: [],
    sent: { answer: new Set(), frame: new Set(), stream: new Set() },
    writes: 0,
    syncs: 0,
  }
  const unsynced = new Set<string>()
  const durable = new Set<string>()
  const dirty = new Set<number>()
  const syncing = new Map<number, { marks: string[]; threads: number[] }>()

  const take = (call: Traced): void => {
    switch (call.type) {
      case 'written':
        account.writes += 1
        dirty.add(call.thread)
        for (const mark of call.marks) if (!durable.has(mark)) unsynced.add(mark)
        break
      case 'syncing':
        syncing.set(call.thread, { marks: [...unsynced], threads: [...dirty] })
        break
      case 'synced': {
        account.syncs += 1
        const { marks, threads } = syncing.get(call.thread) ?? { marks: [], threads: [] }
        for (const mark of marks) {
          unsynced.delete(mark)
          durable.add(mark)
        }
        for (const thread of threads) dirty.delete(thread)
        break
      }
      case 'sent': {
        const { kind, thread, marks } = call
        if (dirty.has(thread)) account.faults.push(`${nouns[kind]} left with a log that was not synced`)
        if (kind === 'other') break
        for (const mark of marks) {
          account.sent[kind].add(mark)
          if (!durable.has(mark)) account.faults.push(`${mark} left in ${nouns[kind]} and was not synced`)
        }
        break
      }
      case 'opaque':
        account.faults.push(`system call ${call.number} moved bytes unseen`)
        break
      default:
        call satisfies never
    }
  }
  for (const call of calls) take(call)
  return account
}

const nouns = { answer: 'an answer', frame: 'a frame', stream: 'an event', other: 'something' }
