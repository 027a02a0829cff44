import type { QueueQuery } from '../../../src/store/flow.ts'
import type { ScheduleQuery } from '../../../src/store/schedule.ts'
import type {
  Batch,
  Changes,
  Committed,
  DeliveryQuery,
  EndpointQuery,
  EndsQuery,
  JobQuery,
  JobRecord,
  SelectionQuery,
  Store,
  TaskAddress,
  TaskQuery,
} from '../../../src/store/store.ts'

type Gate = () => void | Promise<void>
const open: Gate = () => {}

/** A store that tells what it was asked to commit, and that waits or fails where the test says. */
export class Probe implements Store {
  readonly batches: Batch[] = []
  readonly committed: Committed[] = []
  beforeCommit: (batch: Batch) => void | Promise<void> = open
  /** It is on disk, and nobody has been told. */
  afterCommit: Gate = open
  beforeRead: Gate = open
  afterRead: Gate = open

  constructor(readonly inner: Store) {}

  async commit(batch: Batch, now: number): Promise<Committed> {
    this.batches.push(batch)
    await this.beforeCommit(batch)
    const committed = await this.inner.commit(batch, now)
    this.committed.push(committed)
    await this.afterCommit()
    return committed
  }

  async changes(id: string, after: number, limit: number): Promise<Changes | undefined> {
    await this.beforeRead()
    const changes = await this.inner.changes(id, after, limit)
    await this.afterRead()
    return changes
  }

  ends(id: string, query: EndsQuery) {
    return this.inner.ends(id, query)
  }

  rescue(now: number, mostRescues: number) {
    return this.inner.rescue(now, mostRescues)
  }
  job(id: string) {
    return this.inner.job(id)
  }
  jobs(query: JobQuery) {
    return this.inner.jobs(query)
  }
  async selected(query: SelectionQuery) {
    await this.beforeRead()
    const jobs = await this.inner.selected(query)
    await this.afterRead()
    return jobs
  }
  lastNumber() {
    return this.inner.lastNumber()
  }
  task(job: JobRecord, address: TaskAddress) {
    return this.inner.task(job, address)
  }
  tasks(job: JobRecord, query: TaskQuery) {
    return this.inner.tasks(job, query)
  }
  dependencies(job: JobRecord, index: number) {
    return this.inner.dependencies(job, index)
  }

  failures(job: JobRecord, index: number) {
    return this.inner.failures(job, index)
  }
  flow() {
    return this.inner.flow()
  }
  queues(query: QueueQuery) {
    return this.inner.queues(query)
  }
  queue(name: string) {
    return this.inner.queue(name)
  }
  outbox(after: number, limit: number) {
    return this.inner.outbox(after, limit)
  }

  schedules(query: ScheduleQuery) {
    return this.inner.schedules(query)
  }
  schedule(id: string) {
    return this.inner.schedule(id)
  }
  dueSchedules(now: number, limit: number) {
    return this.inner.dueSchedules(now, limit)
  }
  endpoints(query: EndpointQuery) {
    return this.inner.endpoints(query)
  }
  deliveriesOf(endpoint: JobRecord, query: DeliveryQuery) {
    return this.inner.deliveriesOf(endpoint, query)
  }
  close() {
    return this.inner.close()
  }
}

/** Something that is held up until the test opens it. */
export class Latch {
  #opened = Promise.withResolvers<void>()
  #reached = Promise.withResolvers<void>()

  /** To be given to what is held up. */
  readonly pass = (): Promise<void> => {
    this.#reached.resolve()
    return this.#opened.promise
  }
  /** Resolves when something stands before it. */
  get reached(): Promise<void> {
    return this.#reached.promise
  }
  open(): void {
    this.#opened.resolve()
  }
}
