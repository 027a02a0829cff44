import type { Engine } from '../../engine/engine.ts'
import type { Following, FollowOptions, Reader } from '../../engine/follow.ts'
import type { Frame } from '../../engine/frame.ts'
import { Turns } from '../../engine/turns.ts'
import { Problem } from '../../job/errors.ts'
import type { Filter } from '../../job/filter.ts'
import { mostSubscriptions } from './bounds.ts'
import { closes } from './closes.ts'
import type { Outbox } from './outbox.ts'
import { type Cause, Subscription } from './subscription.ts'

interface SubscriptionsOptions {
  engine: Engine
  outbox: Outbox
  /** Says what went wrong with a job. */
  tell(error: unknown, job: string): void
  /** How many jobs it may follow. Default: {@link mostSubscriptions}. */
  most?: number | undefined
}

interface Joining {
  job: string
  after: number | undefined
  cause: Cause
  /** Other selections that the job is in, and that are still to find it. */
  heirs: readonly Cause[]
}

/**
 * The jobs that one socket follows: each once, whether it was subscribed to by itself, or is in selections, or both. While they
 * are as many as there may be, more jobs of selections wait.
 */
export class Subscriptions implements Reader {
  #all = new Map<string, Subscription>()
  /** Jobs of selections that went on after their end, while there is no room for them. */
  #revived = new Map<string, Subscription>()
  /** The selections that wait for room, each with one job. */
  #waiting = new Map<Cause, { job: string; wake(): void }>()
  #closed = false
  readonly #turns: Turns
  readonly #most: number

  constructor(readonly options: SubscriptionsOptions) {
    this.#most = options.most ?? mostSubscriptions
    this.#turns = new Turns(options.outbox.hasRoom)
  }

  /** Follows a job by itself. A second subscription takes the place of the first, and of what selections began. Throws a Problem. */
  add(job: string, after: number | undefined, filter: Filter | undefined): void {
    const known = this.#all.get(job)
    if (known === undefined && this.#isFull)
      throw new Problem('conflict', `Expected at most ${this.#most} subscriptions a socket, got one more.`, {
        job,
      })
    const subscription = known ?? new Subscription(job, after)
    subscription.by = undefined
    subscription.known = true
    this.#follow(subscription, { after, filter })
  }

  /** Follows a job no longer, whyever that was begun. */
  remove(job: string): void {
    this.#revived.delete(job)
    const subscription = this.#all.get(job)
    if (subscription) this.#end(subscription)
  }

  /**
   * Follows a job of a selection, once there is room. Resolves when something of it was sent, or will never be: it is gone, or
   * over and seen, or selected no longer.
   */
  async join({ job, after, cause, heirs }: Joining): Promise<void> {
    while (!cause.signal.aborted) {
      const isOver = cause.over.delete(job)
      const known = this.#all.get(job)
      if (known) {
        known.causes.add(cause)
        return known.told
      }
      if (isOver) return
      if (!this.#isFull) {
        const subscription = this.#revived.get(job) ?? new Subscription(job, after)
        subscription.heirs = heirs
        return this.#begin(subscription, cause).told
      }
      await new Promise<void>((wake) => this.#waiting.set(cause, { job, wake }))
    }
  }

  /** Follows a job of a selection that went on after its end with `since`. */
  revive(job: string, since: number, cause: Cause): void {
    const known = this.#all.get(job)
    if (known) {
      known.causes.add(cause)
      known.again = true
    } else if (this.#waiting.values().some((waiting) => waiting.job === job)) return
    else if (!this.#isFull) this.#begin(new Subscription(job, since), cause)
    else this.#keep(this.#revived.get(job) ?? new Subscription(job, since), cause)
  }

  /** To be called once its signal is aborted. Ends what only this selection has begun; what others want too goes on as they want it. */
  leave(cause: Cause): void {
    this.#waiting.get(cause)?.wake()
    this.#waiting.delete(cause)
    for (const { job, causes } of [...this.#revived.values()])
      if (causes.delete(cause) && causes.size === 0) this.#revived.delete(job)
    for (const subscription of [...this.#all.values()]) {
      const { causes, by } = subscription
      if (!causes.delete(cause) || by !== cause) continue
      const next = [...causes, ...subscription.heirs].find(({ signal }) => !signal.aborted)
      if (next) this.#goOn(subscription, next)
      else this.#end(subscription)
    }
  }

  /** To be called when the buffer has been emptied. */
  drained(): void {
    this.#turns.goOn()
  }

  close(): void {
    this.#closed = true
    this.#revived.clear()
    this.#wakeAll()
    for (const subscription of this.#all.values()) this.#end(subscription)
  }

  offer(frame: Frame, text: string): boolean {
    if (!this.options.outbox.offer(text)) return false
    this.#all.get(frame.job)?.sent(frame.seq)
    return true
  }

  behind(following: Following): void {
    this.#turns.add(following)
  }

  over({ job }: Following, error?: unknown): void {
    const subscription = this.#all.get(job)
    if (subscription === undefined) return
    const [cause] = subscription.causes
    if (subscription.again && cause && error === undefined) this.#goOn(subscription, cause)
    else {
      if (error === undefined) this.#noteOver(subscription)
      this.#end(subscription)
    }
    // Of a job that was gone before anything of it was told there is nothing to tell.
    if (error !== undefined && (subscription.known || !isMissing(error))) this.options.tell(error, job)
  }

  get #isFull(): boolean {
    return this.#all.size >= this.#most
  }

  #begin(subscription: Subscription, cause: Cause): Subscription {
    subscription.causes.add(cause)
    this.#goOn(subscription, cause)
    return subscription
  }

  /** From its position on, as the selection wants it, or as it was subscribed to. */
  #goOn(subscription: Subscription, by: Cause | undefined): void {
    const after = subscription.position
    subscription.by = by
    this.#follow(subscription, { after, filter: by ? by.filter : subscription.filter, onlyNews: after !== 0 })
  }

  #follow(subscription: Subscription, options: FollowOptions): void {
    const { job } = subscription
    this.#stop(subscription)
    subscription.again = false
    subscription.position = options.after
    subscription.filter = options.filter
    this.#revived.delete(job)
    this.#all.set(job, subscription)
    subscription.follower = this.options.engine.follow(job, options, this)
  }

  #stop({ follower }: Subscription): void {
    if (follower === undefined) return
    follower.stop()
    this.#turns.remove(follower)
  }

  #end(subscription: Subscription): void {
    this.#stop(subscription)
    this.#all.delete(subscription.job)
    subscription.over()
    if (!this.#closed) this.#fill()
  }

  /** Gives the room of a job that ended to those that wait: which of the selections takes it is theirs to find out. */
  #fill(): void {
    const [revived] = this.#revived.values()
    const [cause] = revived?.causes ?? []
    if (revived && cause) this.#begin(revived, cause)
    else this.#wakeAll()
  }

  #wakeAll(): void {
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { wake } of waiting) wake()
  }

  /** Who finds the job from now on has nothing left to tell of it. */
  #noteOver({ job, causes, heirs }: Subscription): void {
    for (const heir of heirs) if (!causes.has(heir)) this.#bound(heir.over.add(job).size)
    for (const [cause, waiting] of this.#waiting) if (waiting.job === job) cause.over.add(job)
  }

  #keep(revived: Subscription, cause: Cause): void {
    revived.causes.add(cause)
    this.#revived.set(revived.job, revived)
    this.#bound(this.#revived.size)
  }

  /** Whoever is so slow that too much has to be kept in mind is let go: it resumes without. */
  #bound(size: number): void {
    if (size > mostSubscriptions) this.options.outbox.socket.close(...closes.crowded)
  }
}

const isMissing = (error: unknown) => error instanceof Problem && error.code === 'not_found'
