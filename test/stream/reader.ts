import type { JobView } from '../../src/job/wire.ts'
import type { Node } from './cluster.ts'
import type { Journal } from './journal.ts'
import type { Filter, Line, Subscription, Transport } from './lines/line.ts'

/** For how long nothing new may come before a reader counts as forgotten, in milliseconds. */
const patienceMs = 10_000

type Place = Pick<Node, 'url' | 'lives'>

/** One job that a reader follows, with a subscription or without. */
export interface Followed {
  readonly journal: Journal
  subscription: Subscription | undefined
  /** The error that its last subscription ended with. */
  refusal: string | undefined
  /** What waits for the next that happens to it. */
  wake: () => void
}

/** One client over its whole life: it comes, follows jobs over one line, reads nothing for a while, leaves, and comes back. */
export class Reader {
  readonly follows: Followed[] = []
  /** What was told, or done, that may never be. */
  readonly flaws: string[] = []
  held = false
  #line: Promise<Line> | undefined
  /** How often it has come back: to another node each time. */
  #returns = 0
  /** How many servers there had been when the line was opened. */
  #lives = 0

  constructor(
    readonly name: string,
    readonly transport: Transport,
    readonly nodes: readonly [Place, ...Place[]],
  ) {}

  get connected(): boolean {
    return this.#line !== undefined
  }

  /** Whether one more subscription to this job is possible on its line. */
  canFollow(job: string): boolean {
    return (
      this.transport.shares ||
      !this.follows.some(({ journal, subscription }) => journal.of.id === job && subscription)
    )
  }

  async follow(journal: Journal): Promise<Followed> {
    const followed: Followed = { journal, subscription: undefined, refusal: undefined, wake: () => {} }
    this.follows.push(followed)
    await this.resume(followed)
    return followed
  }

  /** Subscribes at the last seq that was seen, unless it is subscribed. */
  async resume(followed: Followed): Promise<void> {
    if (followed.subscription) return
    const line = await this.#connect()
    const { journal } = followed
    const filter: Filter = journal.filter
    journal.begin()
    followed.refusal = undefined
    // The first news may come before there is something to take it by.
    const subscription: Subscription = { leave: () => under.leave() }
    followed.subscription = subscription
    const isCurrent = () => followed.subscription === subscription
    const under = line.follow(
      journal.of.id,
      { after: journal.seq, filter },
      {
        event: (event) => {
          if (!isCurrent()) return
          try {
            journal.take(event)
          } catch (error) {
            this.#flaw(followed, `${error instanceof Error ? error.message : error}`)
          }
          followed.wake()
        },
        refused: (code) => {
          if (isCurrent()) followed.refusal = code
        },
        over: () => {
          if (!isCurrent()) return
          followed.subscription = undefined
          this.#over(followed)
          followed.wake()
        },
      },
    )
  }

  /** Ends one subscription, and keeps the line. */
  async leave(followed: Followed): Promise<void> {
    const { subscription } = followed
    if (subscription === undefined || this.held) return
    const leaving = subscription.leave()
    followed.subscription = undefined
    await leaving
  }

  async hold(): Promise<void> {
    if (this.#line === undefined) return
    this.held = true
    ;(await this.#line).hold()
  }

  async go(): Promise<void> {
    this.held = false
    ;(await this.#line)?.go()
  }

  async disconnect(how: 'politely' | 'rudely'): Promise<void> {
    const line = this.#line
    this.#line = undefined
    for (const followed of this.follows) followed.subscription = undefined
    const open = await line?.catch(() => undefined)
    await open?.close(how)
    this.held = false
    this.#returns += 1
  }

  /** After a server has ended: a line to it is over, and what had come of it by then was taken. */
  async lost(): Promise<void> {
    if (this.transport.returns) this.#lives = this.#node.lives
    if (this.transport.returns || this.#lives === this.#node.lives) return
    if (!this.held) await (await this.#line)?.drained()
    await this.disconnect('rudely')
  }

  /** Waits until a journal has come to where a job stood, or will not. */
  reach(followed: Followed, job: Pick<JobView, 'seq' | 'state'>): Promise<void> {
    return this.until(followed, ({ journal }) => journal.hasSeen(job))
  }

  /** Waits for the end of a subscription. */
  over(followed: Followed): Promise<void> {
    return this.until(followed, () => false)
  }

  /** Waits until something holds of a subscription, or it is over. */
  async until(followed: Followed, fits: (followed: Followed) => boolean): Promise<void> {
    while (!fits(followed) && followed.subscription && this.flaws.length === 0) {
      const { promise, resolve } = Promise.withResolvers<'news' | 'silence'>()
      followed.wake = () => resolve('news')
      const timer = setTimeout(() => resolve('silence'), patienceMs)
      const came = await promise
      clearTimeout(timer)
      if (came === 'silence') this.#flaw(followed, `was told nothing more after seq ${followed.journal.seq}`)
    }
  }

  get #node(): Place {
    return this.nodes[this.#returns % this.nodes.length] ?? this.nodes[0]
  }

  #connect(): Promise<Line> {
    const { url, lives } = this.#node
    if (this.#line === undefined) {
      this.#lives = lives
      this.#line = this.transport.open(url, (what) => this.flaws.push(`${this.name}: ${what}`))
    }
    return this.#line
  }

  /** A subscription ends with the job, by a refusal, or with the server. */
  #over(followed: Followed): void {
    const { journal, refusal } = followed
    if (journal.isLast || journal.of.doomed || refusal !== undefined || this.#lives !== this.#node.lives)
      return
    this.#flaw(followed, `was left at seq ${journal.seq}`)
  }

  #flaw({ journal }: Followed, what: string): void {
    this.flaws.push(`${this.name}, of job ${journal.of.id} from ${journal.start}: ${what}`)
  }
}
