import type { Database } from 'bun:sqlite'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { failpoint } from '../../failpoint.ts'
import type { Dependency } from '../../job/graph.ts'
import { idsOf } from '../../job/webhook/news.ts'
import type { FlowRecords, QueueQuery, QueueRecord } from '../flow.ts'
import type { ScheduleQuery, ScheduleRecord } from '../schedule.ts'
import type {
  AttemptFailure,
  Batch,
  Changes,
  Committed,
  Condition,
  DeliveryQuery,
  EndpointQuery,
  Ends,
  EndsQuery,
  JobChange,
  JobQuery,
  JobRecord,
  NewJob,
  Page,
  SelectionQuery,
  Store,
  TaskAddress,
  TaskQuery,
  TaskRecord,
  WholeTaskRecord,
} from '../store.ts'
import { act } from './act.ts'
import { add } from './add.ts'
import { Books } from './books.ts'
import { Claimer } from './claim.ts'
import { findEnds } from './ends.ts'
import { findJobs, findTasks, toPage } from './find.ts'
import { keepState, limit, noteStarted, readFlow } from './flow.ts'
import { Inspector } from './inspect.ts'
import { Owners, OwnersBook } from './owners.ts'
import { QueueNames } from './queues.ts'
import { Reading } from './reading.ts'
import { RecentJobs } from './recent.ts'
import { rescue } from './rescue.ts'
import { Rooms } from './rooms.ts'
import { toChange, toFailure, toJob, toTask, toWholeTask } from './rows.ts'
import { applySchedule, toSchedule } from './schedules.ts'
import { findSelected } from './selected.ts'
import { settle } from './settle.ts'
import { Space } from './space.ts'
import { Starter } from './start.ts'
import { prepareStatements, type Statements } from './statements/index.ts'
import { expire, takeStep } from './steps.ts'
import { submit } from './submit.ts'

/** The store on one SQLite file. Its methods are asynchronous by contract and finish in one go: SQLite is. */
export class SqliteStore implements Store {
  readonly #statements: Statements
  readonly #queues: QueueNames
  readonly #owners: Owners
  readonly #recent = new RecentJobs()
  readonly #space: Space
  readonly #reading: Reading
  readonly #inspector: Inspector | undefined
  #turn: number

  constructor(
    readonly db: Database,
    readonly orm: BunSQLiteDatabase,
    readonly release: () => void,
  ) {
    this.#statements = prepareStatements(db)
    this.#queues = new QueueNames(this.#statements)
    this.#owners = new Owners(this.#statements)
    this.#space = new Space(db)
    this.#reading = new Reading(db)
    this.#inspector = db.filename === ':memory:' ? undefined : new Inspector(db, db.filename)
    this.#turn = this.#statements.lowestPass.get()?.pass ?? 0
  }

  async commit(batch: Batch, now: number): Promise<Committed> {
    const {
      submissions,
      additions = [],
      actions,
      settlements,
      limits = [],
      queueStates = [],
      started = [],
      schedules = [],
    } = batch
    const { mostWaiting = Number.POSITIVE_INFINITY, gate, opened = [] } = batch
    const statements = this.#statements
    const work = (books: Books): Committed => {
      if (batch.prove) this.#touch()
      for (const one of started) noteStarted(statements, one)
      for (const one of queueStates) keepState(statements, one)
      const limited = limits.map((change) => limit(statements, change, now))
      const expired = expire(books, this.#space)
      const scheduled = schedules.map((change) => applySchedule(statements, change, now))
      const rooms = new Rooms(statements, this.#queues, now, gate)
      const starter = new Starter(books, this.#queues, rooms, batch.claim)
      const intake = { books, queues: this.#queues, mostWaiting, starter }
      const submitted = submissions.map((submission) => submit(intake, submission))
      const added = additions.map((addition) => add(intake, addition))
      const acted = actions.map((action) => act(books, action))
      failpoint('submissions-written')
      const settled = settlements.map((settlement) => settle(books, settlement))
      books.save()
      failpoint('settlements-written')
      const stepping = takeStep(books, this.#space)
      const claimer = new Claimer(books, this.#queues, rooms)
      const left = batch.claim - starter.claims.length
      const { claims, parked, drained, unfinished } = claimer.claim(left, opened)
      return {
        submitted,
        added,
        acted,
        settled,
        limited,
        scheduled,
        claimed: [...starter.claims, ...claims],
        parked,
        drained,
        unfinished: unfinished || stepping || expired,
        changes: [...books.changes.values()].filter(isNews),
        wakeAt: this.#nextWake(now),
      }
    }
    const committed = this.#transact(now, work, batch.ahead)
    this.#space.fold()
    return committed
  }

  async rescue(now: number, mostRescues: number): Promise<number> {
    return this.#transact(now, (books) => rescue(books, mostRescues))
  }

  async flow(): Promise<FlowRecords> {
    return readFlow(this.#statements)
  }

  async queues({ after = '', limit }: QueueQuery): Promise<QueueRecord[]> {
    return this.#statements.queuesWaiting.all({ after, limit })
  }

  async queue(name: string): Promise<QueueRecord | undefined> {
    const row = this.#statements.queueByName.get({ name })
    return row && { name, queued: row.queued, blocked: row.blocked }
  }

  async schedules({ after = '', limit }: ScheduleQuery): Promise<ScheduleRecord[]> {
    return this.#statements.schedulesAfter.all({ after, limit }).map(toSchedule)
  }

  async schedule(id: string): Promise<ScheduleRecord | undefined> {
    const row = this.#statements.scheduleById.get({ id })
    return row && toSchedule(row)
  }

  async dueSchedules(now: number, limit: number): Promise<ScheduleRecord[]> {
    return this.#statements.schedulesDue.all({ now, limit }).map(toSchedule)
  }

  async outbox(after: number, limit: number): Promise<NewJob[]> {
    return this.#statements.outboxAfter
      .all({ after, limit })
      .map(({ id, job }) => ({ ...(JSON.parse(job) as NewJob), outbox: id }))
  }

  async job(id: string): Promise<JobRecord | undefined> {
    const known = this.#recent.byId(id)
    if (known) return known
    this.#reading.start()
    const row = this.#statements.jobById.get({ id })
    const job = row && toJob(row)
    if (job) this.#recent.add(job)
    return job
  }

  async jobs(query: JobQuery): Promise<Page<JobRecord>> {
    return toPage(findJobs(this.orm, query).map(toJob), query.limit, (_, last) => last.number)
  }

  async selected(query: SelectionQuery): Promise<JobRecord[]> {
    return (await findSelected(this.#statements, query)).map(toJob)
  }

  async lastNumber(): Promise<number> {
    return this.#statements.lastJob.get()?.number ?? 0
  }

  async task(job: Pick<JobRecord, 'number'>, address: TaskAddress): Promise<WholeTaskRecord | undefined> {
    const row =
      'index' in address
        ? this.#statements.taskByIndex.get({ job: job.number, index: address.index })
        : this.#statements.taskByKey.get({ job: job.number, key: address.key })
    return row && toWholeTask(row)
  }

  async tasks(job: JobRecord, { state, from, limit }: TaskQuery): Promise<Page<TaskRecord>> {
    this.#reading.start()
    const rows = await findTasks(this.#statements, job, { state, from, limit: limit + 1 })
    const tasks = rows.map((row) => toTask(row, this.#queues.nameOf(row.queue)))
    return toPage(tasks, limit, (next) => next.index)
  }

  async dependencies(job: JobRecord, index: number): Promise<Dependency[]> {
    const rows = this.#statements.dependencies.all({ job: job.number, index })
    return rows.map(({ task, always }) => ({ task, on: always ? 'ended' : 'succeeded' }))
  }

  async failures(job: JobRecord, index: number): Promise<AttemptFailure[]> {
    return this.#statements.failures.all({ job: job.number, index }).map(toFailure)
  }

  async endpoints({ after = '', limit }: EndpointQuery): Promise<JobRecord[]> {
    return this.#statements.endpointsAfter.all({ after, limit }).map(toJob)
  }

  async deliveriesOf(endpoint: JobRecord, { job, after, limit }: DeliveryQuery): Promise<WholeTaskRecord[]> {
    const first = idsOf(job)
    const range = { after: after ?? first, until: `${first}~` }
    return this.#statements.tasksByKeys.all({ job: endpoint.number, ...range, limit }).map(toWholeTask)
  }

  async changes(id: string, after: number, limit: number): Promise<Changes | undefined> {
    const row = this.#statements.jobById.get({ id })
    if (row === undefined) return undefined
    const tasks = [
      ...this.#statements.changes.all({ job: row.number, after, limit: limit + 1 }),
      ...this.#statements.runningChanges.all({ job: row.number, after }),
    ]
    const page = tasks.toSorted((a, b) => a.seq - b.seq).slice(0, limit)
    return { job: toJob(row), tasks: page.map(toChange), more: tasks.length > limit }
  }

  async ends(id: string, query: EndsQuery): Promise<Ends | undefined> {
    return findEnds(this.#statements, id, query)
  }

  async inspect(mayWrite: boolean): Promise<Condition | undefined> {
    this.#reading.end()
    return this.#inspector?.look(mayWrite)
  }

  async close(): Promise<void> {
    this.#reading.end()
    // With every statement: what is left of a connection would keep the latest commits outside the file itself.
    this.db.close(true)
    this.release()
  }

  /** Writes a page, as it is: a transaction that changes nothing would write nothing. */
  #touch(): void {
    this.db.run('update sheaf_schema set version = version')
  }

  #nextWake(now: number): number | undefined {
    const { nextToWake, nextToStart, nextToStop, nextToSeal, nextToExpire, nextSuspect } = this.#statements
    const moments = [nextToWake, nextToStart, nextToStop, nextToSeal, nextToExpire, nextSuspect].flatMap(
      (next) => next.get({ now })?.at ?? [],
    )
    return moments.length === 0 ? undefined : Math.min(...moments)
  }

  /** One synchronous transaction: nothing else can run between its begin and its commit. */
  #transact<T>(now: number, work: (books: Books) => T, ahead = 0): T {
    const owners = new OwnersBook(this.#owners)
    const books = new Books(this.#statements, now, this.#turn, owners, this.#queues, ahead, this.#recent)
    const all = () => {
      failpoint('transaction-begun')
      const done = work(books)
      books.close()
      failpoint('claims-written')
      return done
    }
    this.#reading.end()
    try {
      const done = this.db.transaction(all).immediate()
      failpoint('transaction-committed')
      this.#turn = books.turn
      this.#owners.add(owners.changes)
      this.#recent.take(books.jobs, books.changes)
      return done
    } catch (error) {
      this.#queues.forget()
      throw error
    }
  }
}

const isNews = ({ moved, deleted, tasks }: JobChange) => moved || deleted || tasks.length > 0
