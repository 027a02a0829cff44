import type { QueueRecord } from '../store/flow.ts'
import type { Store } from '../store/store.ts'
import type { QueueStatus, QueueView } from './engine.ts'

/** What waits and runs, in all queues together and in the largest of them. */
export interface Census {
  /** Tasks that are due or will be. */
  queued: number
  /** Tasks that wait for others. */
  blocked: number
  /** How many queues there are in which something waits or runs, or that have limits of their own, by what they do. */
  statuses: Record<QueueStatus, number>
  /** Those with the most tasks, by name. */
  largest: QueueView[]
  /** How many others there are. */
  others: number
}

export interface CensusHost {
  store: Pick<Store, 'queues'>
  /** The queues that run something, are held back, or have limits of their own. */
  names: readonly string[]
  view(name: string, record: QueueRecord | undefined): QueueView
}

/** So many queues are counted before others have their turn: about a millisecond. */
const page = 500

/**
 * Counts queue by queue, as the store keeps the numbers: it costs what there are queues, however many tasks wait in them, and
 * commits come in between. `most` is how many queues are told apart.
 */
export const takeCensus = async (host: CensusHost, most: number): Promise<Census> => {
  const statuses = { open: 0, limited: 0, paused: 0, throttled: 0, broken: 0 }
  const sum = { queued: 0, blocked: 0, queues: 0 }
  let largest: QueueView[] = []
  for await (const views of pagesOf(host)) {
    for (const { status, queued, blocked } of views) {
      statuses[status] += 1
      sum.queued += queued
      sum.blocked += blocked
    }
    sum.queues += views.length
    largest = [...largest, ...views].toSorted((a, b) => tasksOf(b) - tasksOf(a)).slice(0, most)
  }
  const { queued, blocked, queues } = sum
  return { queued, blocked, statuses, largest: largest.toSorted(byName), others: queues - largest.length }
}

/** Each queue once: those in which something waits, then the rest. */
async function* pagesOf({ store, names, view }: CensusHost): AsyncGenerator<QueueView[]> {
  const rest = new Set(names)
  for (let after = ''; ; ) {
    const records = await store.queues({ after, limit: page })
    for (const { name } of records) rest.delete(name)
    yield records.map((record) => view(record.name, record))
    const last = records.at(-1)
    if (last === undefined || records.length < page) break
    after = last.name
    await nextTurn()
  }
  const left = [...rest]
  for (let from = 0; from < left.length; from += page) {
    yield left.slice(from, from + page).map((name) => view(name, undefined))
    await nextTurn()
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const tasksOf = ({ queued, blocked, running }: QueueView) => queued + blocked + running

const byName = (a: QueueView, b: QueueView) => (a.name < b.name ? -1 : 1)
