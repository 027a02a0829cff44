import { orAbort } from './abort.ts'
import type { ClientClock } from './clock.ts'
import { SheafError } from './errors.ts'
import { Job, type Tools } from './job.ts'
import { type SubmitOptions, submit } from './submit.ts'
import type { Each, Task } from './task.ts'

/** How many tasks are sent at a time, and how many characters of them: what is in memory of a stream. */
const mostTasks = 1_000
const mostLength = 1024 * 1024
/** How long tasks that have come wait for more to be sent with. */
const patienceMs = 100

/**
 * Submits tasks as they come. The job is made empty and unsealed, and each chunk says how many tasks come before it, so that it
 * is added once however often it has to be sent; and the same `idempotencyKey` goes on where an earlier attempt broke off.
 * Resolves when all tasks are on disk; or when the job is decided without the rest.
 */
export const submitStream = async (
  tools: Tools,
  tasks: AsyncIterable<Task>,
  clock: ClientClock,
  { signal, ...options }: SubmitOptions = {},
): Promise<Job> => {
  const submitted = await submit(tools, [], { ...options, sealed: false, ...(signal && { signal }) })
  const job = new Job(tools, submitted.job.id)
  if (!submitted.own) return job
  try {
    await send(job, tasks, submitted.job.counts.total, { sealed: options.sealed, signal, clock })
  } catch (error) {
    // Nobody can go on with it who does not know its key.
    if (options.idempotencyKey === undefined || signal?.aborted) tools.behind.add(job.cancel())
    throw error
  }
  return job
}

export const isStream = (tasks: Iterable<Task> | Each | AsyncIterable<Task>): tasks is AsyncIterable<Task> =>
  typeof tasks === 'object' && tasks !== null && Symbol.asyncIterator in tasks

interface Sending {
  sealed: boolean | undefined
  signal: AbortSignal | undefined
  clock: ClientClock
}

const send = async (
  job: Job,
  tasks: AsyncIterable<Task>,
  known: number,
  { sealed = true, signal, clock }: Sending,
): Promise<void> => {
  let from = known
  for await (const chunk of chunksOf(tasks, known, { clock, signal })) {
    if (!(await addOnce(job, chunk, from, signal))) return
    from += chunk.length
  }
  if (sealed) await job.seal({ signal })
}

/** Adds a chunk; false if the job is decided, and would run none of it. */
const addOnce = async (
  job: Job,
  chunk: readonly Task[],
  from: number,
  signal: AbortSignal | undefined,
): Promise<boolean> => {
  try {
    await job.add(chunk, { from, signal })
    return true
  } catch (error) {
    if (!(error instanceof SheafError && error.code === 'conflict')) throw error
    const { outcome, counts } = await job.snapshot({ signal })
    if (outcome !== undefined) return false
    // It was added, and the answer was lost.
    if (counts.total === from + chunk.length) return true
    throw error
  }
}

/** The tasks after the first so many, in chunks: a full one, or what has come when its time is over. */
async function* chunksOf(
  tasks: AsyncIterable<Task>,
  skipped: number,
  { clock, signal }: Pick<Sending, 'clock' | 'signal'>,
): AsyncGenerator<Task[], undefined> {
  const coming = new Coming(tasks, signal)
  try {
    for (let left = skipped; left > 0 && (await coming.next()); ) left -= 1
    while (!coming.isOver) {
      const chunk = await fill(coming, clock)
      if (chunk.length > 0) yield chunk
    }
  } finally {
    coming.close()
  }
}

const fill = async (coming: Coming, clock: ClientClock): Promise<Task[]> => {
  const first = await coming.next()
  const chunk: Task[] = first ? [first] : []
  let cancel = () => {}
  const late = new Promise<undefined>((resolve) => {
    cancel = clock.after(patienceMs, () => resolve(undefined))
  })
  try {
    let length = 0
    for (let last = first; last !== undefined; ) {
      length += JSON.stringify(last).length
      if (chunk.length === mostTasks || length > mostLength) break
      last = await coming.next(late)
      if (last) chunk.push(last)
    }
    return chunk
  } finally {
    cancel()
  }
}

/** An iterator whose next value may be left for later. */
class Coming {
  isOver = false
  readonly #iterator: AsyncIterator<Task>
  #next: Promise<IteratorResult<Task>> | undefined

  constructor(
    tasks: AsyncIterable<Task>,
    readonly signal: AbortSignal | undefined,
  ) {
    this.#iterator = tasks[Symbol.asyncIterator]()
  }

  /** The next task; undefined when there is none, or none has come before it is `late`. */
  async next(late?: Promise<undefined>): Promise<Task | undefined> {
    if (this.isOver) return undefined
    this.#next ??= this.#iterator.next()
    const come = await orAbort(late ? Promise.race([this.#next, late]) : this.#next, this.signal)
    if (come === undefined) return undefined
    this.#next = undefined
    if (come.done !== true) return come.value
    this.isOver = true
    return undefined
  }

  /** Tells whoever makes the tasks that no more are wanted. */
  close(): void {
    this.#next?.catch(() => {})
    if (!this.isOver) void this.#iterator.return?.().catch(() => {})
  }
}
