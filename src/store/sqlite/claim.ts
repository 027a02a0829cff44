import { moveJob, moveTask } from '../../job/ledger.ts'
import type { Claim } from '../store.ts'
import { type Books, stride } from './books.ts'
import { claimOf } from './claimed.ts'
import { shareRoom } from './grants.ts'
import type { Lane } from './lanes.ts'
import type { QueueNames } from './queues.ts'
import type { Rooms } from './rooms.ts'
import type { OpenJob } from './rows.ts'
import { tell } from './tell.ts'

/**
 * How many tasks a job of priority 5 claims before the next has its turn, when jobs compete. Small enough that a new
 * job is served in the next commit, large enough that reading a job costs little beside reading its tasks.
 */
const quantum = 16
/** How many tasks a lane claims, at least, before the next lane of its job has its turn. */
const laneQuantum = 16
/** How many lanes a commit parks, wakes or opens at most: about 5 ms of them. */
const mostLanes = 1_000
/** A lane is ahead of the others in its queue by so many tasks at most. */
const furthest = 1_000 * stride

/** How many tasks that may have killed the server are looked at for one that may run. */
const mostSuspects = 100

/** A task, as it is read to be run. */
type Due = ReturnType<Books['statements']['dueTasks']['all']>[number]

export interface Claiming {
  claims: Claim[]
  /** The queues that had no room for what was due. */
  parked: string[]
  /** Of the queues that were opened, those of which no lane is left parked. */
  drained: string[]
  /** Whether it stopped before it had seen every lane that is ready. */
  unfinished: boolean
}

/** Claims due tasks in one transaction: jobs take turns, by priority, and the lanes of a job; closed queues are passed over. */
export class Claimer {
  readonly #claims: Claim[] = []
  /** What each job may claim of a queue that was opened. */
  readonly #grants = new Map<number, Map<number, number>>()
  /** The queues in which a suspect waits for room. */
  readonly #waited = new Set<number>()
  /** The queues in which lanes were parked. */
  readonly #closed = new Set<number>()
  #parked = 0

  constructor(
    readonly books: Books,
    readonly names: QueueNames,
    readonly rooms: Rooms,
  ) {}

  /** Claims until the limit is reached or nothing is due. */
  claim(limit: number, opened: readonly string[]): Claiming {
    const { books } = this
    const waking = this.#wake()
    const queues = limit > 0 ? opened.map((name) => this.names.numberOf(name)) : []
    for (const queue of queues) this.#open(queue, limit)
    books.save()
    while (this.#claims.length < limit && this.#parked < mostLanes) {
      const free = limit - this.#claims.length
      // At least two, which tell whether the first is alone.
      const rows = books.statements.jobsInTurn.all({ limit: Math.max(2, Math.ceil(free / quantum)) })
      if (rows.length === 0) break
      const alone = rows.length === 1
      for (const row of rows) {
        const job = books.adopt(row)
        const left = limit - this.#claims.length
        if (job === undefined || left === 0) break
        this.#claimFrom(job, Math.min(left, alone ? left : share(job)))
      }
      books.save()
    }
    if (this.#claims.length < limit) this.#claimSuspect()
    this.rooms.save()
    return {
      claims: this.#claims,
      parked: [...this.#closed.union(this.#waited)]
        .filter((queue) => this.#waited.has(queue) || this.#isParked(queue))
        .map((queue) => this.rooms.nameOf(queue)),
      drained: queues.filter((queue) => !this.#isParked(queue)).map((queue) => this.rooms.nameOf(queue)),
      unfinished: waking || this.#parked >= mostLanes,
    }
  }

  #claimFrom(job: OpenJob, most: number): void {
    const { books } = this
    let left = Math.min(most, books.roomOf(job))
    books.touch(job)
    if (left <= 0) return
    const before = this.#claims.length
    const limit = Math.max(2, Math.ceil(left / laneQuantum))
    const lanes = books.statements.lanesInTurn.all({ job: job.number, limit })
    const each = Math.max(laneQuantum, Math.ceil(left / lanes.length))
    for (const lane of lanes) {
      if (left <= 0) break
      left -= this.#claimLane(job, lane, Math.min(left, each))
    }
    const claimed = this.#claims.length - before
    if (claimed > 0) job.startedAt ??= books.now
    books.serve(job, claimed)
  }

  /** Claims up to `most` tasks of a lane that its queue has room for; parks the lane when there is none. */
  #claimLane(job: OpenJob, lane: Lane, most: number): number {
    const { books } = this
    const room = this.#roomFor(lane)
    if (room < Number.POSITIVE_INFINITY) this.#join(lane)
    if (room <= 0) {
      this.#park(lane)
      return 0
    }
    const limit = Math.min(most, room)
    const due = books.statements.dueTasks.all({ ...lane, now: books.now, limit })
    this.#take(job, due, lane.queue)
    this.#grants.get(lane.queue)?.set(lane.job, room - due.length)
    lane.turn = job.seq
    lane.pass += (due.length * stride) / job.priority
    if (room < Number.POSITIVE_INFINITY) this.names.reached(lane.queue, lane.pass)
    // Known to be in vain to look at it again, if tasks of it are still due.
    if (due.length === room) this.#park(lane)
    else books.lanes.change(lane)
    return due.length
  }

  /** Claims tasks of one lane, which are counted together: most claims are of many. */
  #take(job: OpenJob, due: readonly Due[], queueNumber: number): void {
    const { books, rooms } = this
    const { now } = books
    const queue = rooms.nameOf(queueNumber)
    for (const task of due) {
      const attempt = task.attempt + 1
      const seq = moveTask(job, 'queued', 'claim')
      books.statements.claimTask.run({ job: job.number, index: task.index, attempt, seq, now })
      const claim = claimOf(job, task, { queue, queueNumber, attempt, now })
      tell({ books, job, claim }, { state: 'running', seq })
      this.#claims.push(claim)
    }
    books.dequeued(job, queueNumber, due.length)
    rooms.take(queueNumber, due.length)
  }

  /** One at a time, so that the one which kills the server is found without harm to those that only ran beside it. */
  #claimSuspect(): void {
    const { books, rooms } = this
    const suspects = books.statements.suspects.all({ now: books.now, limit: mostSuspects })
    if (suspects.length === 0 || books.statements.runningSuspect.get()) return
    for (const suspect of suspects) {
      const job = books.byNumber(suspect.job)
      if (job === undefined || books.roomOf(job) <= 0) continue
      if (rooms.of(suspect.queue) <= 0) {
        this.#waited.add(suspect.queue)
        continue
      }
      this.#take(job, [suspect], suspect.queue)
      job.startedAt ??= books.now
      books.touch(job)
      books.save()
      return
    }
  }

  /** In a queue for which others wait too, no more than its share. */
  #roomFor({ queue, job }: Lane): number {
    const shares = this.#grants.get(queue)
    return Math.min(this.rooms.of(queue), shares ? (shares.get(job) ?? 0) : Number.POSITIVE_INFINITY)
  }

  /** One that did not wait for the queue with the others joins them where those are that were served last: it has saved up nothing. */
  #join(lane: Lane): void {
    if (this.#grants.get(lane.queue)?.has(lane.job)) return
    const turn = this.names.turnOf(lane.queue)
    lane.pass = Math.min(Math.max(lane.pass, turn), turn + furthest)
  }

  #park(lane: Lane): void {
    this.#parked += 1
    lane.parked = true
    this.#closed.add(lane.queue)
    this.books.lanes.change(lane)
  }

  /** Shares the room of a queue among the lanes that wait for it, those first that were served least. */
  #open(queue: number, limit: number): void {
    const { books } = this
    const room = Math.min(this.rooms.of(queue), limit)
    if (room <= 0) return
    const bidders = []
    // A job that may not claim leaves its place to the next, and is parked again when its turn comes.
    let open = 0
    for (const lane of books.statements.lanesParked.all({ queue, limit: mostLanes })) {
      const job = books.byNumber(lane.job)
      if (job === undefined) continue
      const bidder = { lane, priority: job.priority, room: books.roomOf(job) }
      bidders.push(bidder)
      books.lanes.change({ ...lane, parked: false })
      books.touch(job)
      if (bidder.room > 0) open += 1
      if (open >= room) break
    }
    if (bidders.length === 0) return
    const shares = shareRoom(bidders, room)
    const waited = bidders.filter((bidder) => bidder.room > 0)
    this.#grants.set(queue, new Map(waited.map(({ lane }) => [lane.job, shares.get(lane) ?? 0])))
  }

  #isParked(queue: number): boolean {
    return this.books.statements.lanesParked.get({ queue, limit: 1 }) !== undefined
  }

  /** What was to come later and has come: jobs start, lanes join the turns. Returns whether there may be more. */
  #wake(): boolean {
    const { books } = this
    const jobs = books.statements.jobsToStart.all({ now: books.now, limit: mostLanes })
    for (const row of jobs) {
      const job = books.adopt(row)
      if (job && moveJob(job, 'start')) books.moved(job)
    }
    const lanes = books.statements.lanesToWake.all({ now: books.now, limit: mostLanes })
    for (const lane of lanes) {
      const job = books.byNumber(lane.job)
      if (job === undefined) continue
      books.lanes.change(lane)
      books.touch(job)
    }
    return Math.max(jobs.length, lanes.length) === mostLanes
  }
}

/** How many tasks a job claims before the next has its turn. */
export const share = (job: OpenJob) => Math.ceil((quantum * job.priority) / 5)
