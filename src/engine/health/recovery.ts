import { Problem } from '../../job/errors.ts'
import { type FaultCode, faultOf } from '../../job/faults.ts'
import type { AttemptResult, Settlement } from '../../store/store.ts'
import type { Flow } from '../flow/flow.ts'
import type { FlowChanges } from '../flow/journal.ts'
import type { Intake, Taken } from '../intake.ts'
import type { EngineOptions } from '../options.ts'
import type { Pulse } from '../pulse.ts'
import { refusalOf, type Vitals } from './vitals.ts'

export interface RecoveryHost {
  intake: Intake
  flow: Pick<Flow, 'keep'>
  pulse: Pick<Pulse, 'soon' | 'wake'>
  vitals: Vitals
  log: NonNullable<EngineOptions['log']>
}

/** How long to wait before a commit that failed is tried again. */
const retryMs = 500
/** How long fewer tasks run after files could not be opened. */
const narrowMs = 30_000

/**
 * What becomes of a commit that failed. Nothing of it is on disk. If the database is at fault, who waits is told, and the ends of
 * attempts are kept and tried again until they are written. If not, something in the batch is: its parts are tried one
 * by one, and only what fails by itself is refused.
 */
export class Recovery {
  readonly #host: RecoveryHost
  #fault: FaultCode | undefined
  #narrow: { most: number; at: number } | undefined
  /** Ends of attempts that stand for one that could not be written. */
  readonly #substitutes = new WeakSet<Settlement['claim']>()

  constructor(host: RecoveryHost) {
    this.#host = host
    host.vitals.onStir(() => host.pulse.soon())
  }

  /** Whether commits may begin as soon as there is something to write; if not, they wait for the next try. */
  get isOver(): boolean {
    return this.#fault === undefined && this.#host.vitals.mayWrite
  }

  /** Called after each commit that is on disk. */
  worked(): void {
    if (this.#fault === undefined) return
    const fault = this.#fault
    this.#fault = undefined
    this.#host.vitals.over(fault)
  }

  /** Called in place of a commit while the database must not be written. */
  hold(): void {
    this.#giveUp(this.#host.intake.takeAll())
  }

  /** Hears what the end of an attempt says of this machine; `running` is how many others run. */
  heed(result: AttemptResult, running: number): void {
    if (result.type !== 'retry' && result.type !== 'failed') return
    const { vitals } = this.#host
    const { code, message, details } = result.error
    if (code === 'artifact_failed') vitals.note('A response body could not be saved', { error: message })
    if (details?.reason !== 'EMFILE' && details?.reason !== 'ENFILE') return
    vitals.met('out_of_files', { error: details.reason })
    this.#narrow = { most: Math.max(1, running), at: vitals.clock.elapsed() }
  }

  /** How many attempts may run at once: lately no more than ran when there were no files left for another. */
  most(concurrency: number): number {
    if (this.#narrow === undefined) return concurrency
    if (this.#host.vitals.clock.elapsed() - this.#narrow.at < narrowMs)
      return Math.min(concurrency, this.#narrow.most)
    this.#narrow = undefined
    return concurrency
  }

  failed(taken: Taken, changes: FlowChanges | undefined, error: unknown): void {
    const { flow, intake, pulse } = this.#host
    const fault = faultOf(error)
    // What nothing else can be blamed for the second time is not kept for ever.
    const isPoison = fault === undefined && this.#fault === 'internal' && taken.size === 0
    if (changes && !isPoison) flow.keep(changes)
    if (fault !== undefined || taken.size === 0) this.#wait(fault ?? 'internal', taken, error)
    else if (taken.isApart) this.#refuse(taken, error)
    else {
      intake.tryApart(taken)
      pulse.wake(0)
    }
  }

  #wait(fault: FaultCode, taken: Taken, error: unknown): void {
    const { vitals, pulse } = this.#host
    const before = this.#fault
    this.#fault = fault
    if (before !== undefined && before !== fault) vitals.over(before)
    vitals.met(fault, { error: fault === 'internal' ? error : messageOf(error) })
    this.#giveUp(taken)
    if (vitals.mayWrite) pulse.wake(retryMs)
  }

  #giveUp(taken: Taken): void {
    const { vitals, intake } = this.#host
    const refusal = refusalOf(vitals.fault ?? 'internal')
    intake.joinAgain(refusal)
    taken.refuse(refusal)
    intake.keep(taken)
  }

  /** This alone cannot be written, and never will be. */
  #refuse(taken: Taken, error: unknown): void {
    const { log, intake } = this.#host
    taken.refuse(new Problem('internal', 'The server failed to write this. Its log says why.'))
    for (const { claim } of taken.settlements) {
      const { jobId: job, index, attempt } = claim
      log('error', 'The end of an attempt could not be written', { job, index, attempt, error })
      // If not even this can be written, the task is left as it is, for the rescue of the next start.
      if (this.#substitutes.has(claim)) continue
      this.#substitutes.add(claim)
      const message = 'Sheaf failed to write how the task ended.'
      intake.settle({ claim, result: { type: 'failed', error: { code: 'internal', message } } })
    }
    if (taken.settlements.length === 0) log('error', 'A request could not be written', { error })
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
