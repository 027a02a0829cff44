import type { Clock } from '../clock.ts'
import { failpoint } from '../failpoint.ts'
import type { Batch, Claim, Committed, JobChange, Store } from '../store/store.ts'
import type { Flow } from './flow/flow.ts'
import type { Recovery } from './health/recovery.ts'
import type { Vitals } from './health/vitals.ts'
import type { Intake } from './intake.ts'
import { Lookahead } from './lookahead.ts'
import type { Pulse } from './pulse.ts'
import type { Runner } from './runner.ts'
import type { Tally } from './tally/tally.ts'

export interface CommitsHost {
  store: Pick<Store, 'commit'>
  clock: Clock
  intake: Intake
  flow: Flow
  runner: Runner
  pulse: Pulse
  vitals: Vitals
  recovery: Recovery
  tally: Tally
  /** How many attempts run at once. */
  concurrency: number
  /** How many tasks may wait before submissions are refused. */
  mostWaiting: number | undefined
  /** Whether tasks are claimed now. */
  claims(): boolean
  /** Called with what is on disk, once those who asked for it have their answers. */
  tell(changes: readonly JobChange[], now: number): void
}

/** So many ends are worth a commit of their own, even where fewer attempts run at once … */
const enough = 64
/** … unless the disk is so slow that the last took longer than this, in milliseconds. */
const quickMs = 5

/** The commits, one after the other: what goes into each, and what follows once it is on disk. */
export class Commits {
  readonly #host: CommitsHost
  readonly #lookahead: Lookahead
  /** How long the last commit took, in milliseconds. */
  #tookMs = 0
  /** Queues that changed what they allow since the last commit. */
  readonly #regulated = new Set<string>()

  constructor(host: CommitsHost) {
    this.#host = host
    this.#lookahead = new Lookahead(host.concurrency)
    host.flow.onChange((queue) => this.#regulate(queue))
  }

  /**
   * To be called when an attempt has ended. While no place is empty, a commit can wait for more to share it; but not for more than run at once.
   * The requests that run go on while a commit is written, and have been answered before a longer one is over: then nothing does.
   */
  gather(): void {
    const { intake, runner, pulse, recovery } = this.#host
    if (!recovery.isOver) return
    const isWorthIt = this.#tookMs < quickMs && intake.ends >= Math.max(enough, runner.size)
    if (runner.waiting > 0 && !runner.holds && !isWorthIt) pulse.linger()
    else pulse.soon()
  }

  /** Resolves when it is over, whatever came of it. */
  async next(): Promise<void> {
    const { clock, intake, flow, runner, vitals, recovery, tally } = this.#host
    if (!vitals.mayWrite) return recovery.hold()
    const now = clock.now()
    const taken = intake.take()
    const ahead = this.#lookahead.after(taken.settlements.length, now)
    const claim = this.#host.claims() && !taken.isApart ? this.#freeWith(ahead) : 0
    flow.begin(now, ahead)
    const opened = claim > 0 ? flow.opened(now) : []
    const changes = taken.isApart ? undefined : flow.takeChanges()
    const bounds = { claim, ahead, gate: flow, opened, mostWaiting: this.#host.mostWaiting }
    const batch = { ...taken.batch(), ...changes, ...bounds, prove: !recovery.isOver }
    let committed: Committed
    failpoint('before-commit')
    try {
      committed = await this.#write(batch, taken.size, now)
    } catch (error) {
      tally.commits.failed += 1
      return recovery.failed(taken, changes, error)
    }
    this.#lookahead.committed(clock.now())
    recovery.worked()
    tally.committed(batch, committed, now)
    this.#control(committed, now)
    failpoint('before-answers')
    taken.answer(committed)
    failpoint('before-events')
    this.#tell(committed, now)
    failpoint('before-starts')
    if (!taken.isApart) runner.goOn()
    this.#startAll(committed.claimed)
    if (taken.isApart || committed.unfinished) this.#host.pulse.wake(0)
    else this.#comeBack(committed, claim, now)
  }

  async #write(batch: Batch, size: number, now: number): Promise<Committed> {
    const { store, clock, tally } = this.#host
    const began = clock.elapsed()
    const committed = await store.commit(batch, now)
    this.#tookMs = clock.elapsed() - began
    tally.commits.done(size, this.#tookMs)
    return committed
  }

  /** Tells flow control what came of a commit. */
  #control({ limited, drained, parked, claimed }: Committed, now: number): void {
    const { flow } = this.#host
    flow.claimed(claimed, now)
    flow.drained(drained)
    flow.parked(parked)
    for (const { name, record } of limited) flow.setLimits(name, record, now)
  }

  #tell({ changes }: Committed, now: number): void {
    this.#host.tell(changes, now)
    this.#host.runner.heed(changes.flatMap((change) => (change.moved ? change.job : [])))
  }

  #startAll(claims: readonly Claim[]): void {
    for (const claim of claims) this.#start(claim)
    // What was claimed of a queue that changed meanwhile was not at hand yet when that was looked at.
    for (const queue of this.#regulated) this.#giveBack(queue)
    this.#regulated.clear()
  }

  /** A claim that was under way when the stop began is given back at once. */
  #start(claim: Claim): void {
    if (this.#host.claims()) this.#host.runner.take(claim)
    else this.#host.intake.settle({ claim, result: { type: 'release' } })
  }

  /** At once if queues have room for more than was claimed; or when something is due, or a queue opens. */
  #comeBack({ claimed, wakeAt }: Committed, claim: number, now: number): void {
    const { flow, pulse } = this.#host
    if (claimed.length < claim && flow.opened(now).length > 0) {
      pulse.wake(0)
      return
    }
    const opens = flow.nextOpenAt()
    const at = Math.min(wakeAt ?? Number.POSITIVE_INFINITY, opens ?? Number.POSITIVE_INFINITY)
    if (at < Number.POSITIVE_INFINITY) pulse.wake(at - now)
  }

  /** A queue has changed what it allows: what it holds and may not start is given back; what waits may have its turn. */
  #regulate(queue: string): void {
    this.#regulated.add(queue)
    this.#giveBack(queue)
    this.#host.pulse.soon()
  }

  #giveBack(queue: string): void {
    if (!this.#host.flow.mayStart(queue)) this.#host.runner.giveBackIn(queue)
  }

  #freeWith(ahead: number): number {
    const { recovery, runner, concurrency } = this.#host
    return Math.max(0, recovery.most(concurrency + ahead) - runner.size - runner.waiting)
  }
}
