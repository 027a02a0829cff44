import type { Limited, LimitsChange } from '../store/flow.ts'
import type { ScheduleChange } from '../store/schedule.ts'
import type {
  Acted,
  Action,
  Added,
  Addition,
  Batch,
  Committed,
  NewJob,
  Settlement,
  Submitted,
} from '../store/store.ts'

interface Waiting<Op, Answer> {
  op: Op
  resolve(answer: Answer): void
  reject(error: unknown): void
}

/** Everything that somebody waits for, by where it goes in a batch. */
interface Asked {
  submissions: Waiting<NewJob, Submitted>[]
  additions: Waiting<Addition, Added>[]
  actions: Waiting<Action, Acted>[]
  limits: Waiting<LimitsChange, Limited>[]
  schedules: Waiting<ScheduleChange, boolean>[]
}

const nothing = (): Asked => ({ submissions: [], additions: [], actions: [], limits: [], schedules: [] })

/** What waits for the next commit, and who waits for its answer. */
export class Intake {
  #asked = nothing()
  #settlements: Settlement[] = []
  /** What is to be tried by itself, as together it could not be written. */
  #apart: Taken[] = []

  /** How many ends of attempts wait. */
  get ends(): number {
    return this.#settlements.length
  }

  get empty(): boolean {
    if (this.#apart.length > 0) return false
    return this.#settlements.length === 0 && Object.values(this.#asked).every(({ length }) => length === 0)
  }

  submit(op: NewJob): Promise<Submitted> {
    return new Promise((resolve, reject) => this.#asked.submissions.push({ op, resolve, reject }))
  }

  add(op: Addition): Promise<Added> {
    return new Promise((resolve, reject) => this.#asked.additions.push({ op, resolve, reject }))
  }

  act(op: Action): Promise<Acted> {
    return new Promise((resolve, reject) => this.#asked.actions.push({ op, resolve, reject }))
  }

  limit(op: LimitsChange): Promise<Limited> {
    return new Promise((resolve, reject) => this.#asked.limits.push({ op, resolve, reject }))
  }

  reschedule(op: ScheduleChange): Promise<boolean> {
    return new Promise((resolve, reject) => this.#asked.schedules.push({ op, resolve, reject }))
  }

  settle(settlement: Settlement): void {
    this.#settlements.push(settlement)
  }

  /** Everything that waits, as one batch, unless something is to be tried by itself. What comes from now on is for the next. */
  take(): Taken {
    return this.#apart.shift() ?? this.takeAll()
  }

  /** Everything that was not taken before. */
  takeAll(): Taken {
    const taken = new Taken(this.#asked, this.#settlements)
    this.#asked = nothing()
    this.#settlements = []
    return taken
  }

  /** Has the parts of a batch tried one by one, after a try of nothing at all: that shows whether it is they that fail. */
  tryApart(taken: Taken): void {
    this.#apart.unshift(new Taken(nothing(), [], true), ...taken.parts())
  }

  /** Gives up what was to be tried by itself: those who wait are refused, the ends of attempts kept. */
  joinAgain(error: unknown): void {
    for (const part of this.#apart.splice(0).reverse()) {
      part.refuse(error)
      this.keep(part)
    }
  }

  /** The end of an attempt is kept until it is on disk, however often that fails. */
  keep(taken: Taken): void {
    this.#settlements = [...taken.settlements, ...this.#settlements]
  }
}

export class Taken {
  constructor(
    readonly asked: Asked,
    readonly settlements: readonly Settlement[],
    /** It is a part of a batch that failed: nothing else is to be done with it. */
    readonly isApart = false,
  ) {}

  get size(): number {
    return Object.values(this.asked).reduce((sum, { length }) => sum + length, this.settlements.length)
  }

  /** Each by itself, in the order in which a commit takes them. */
  parts(): Taken[] {
    const { submissions, additions, actions, limits, schedules } = this.asked
    return [
      ...limits.map((one) => alone({ limits: [one] })),
      ...schedules.map((one) => alone({ schedules: [one] })),
      ...submissions.map((one) => alone({ submissions: [one] })),
      ...additions.map((one) => alone({ additions: [one] })),
      ...actions.map((one) => alone({ actions: [one] })),
      ...this.settlements.map((one) => new Taken(nothing(), [one], true)),
    ]
  }

  batch(): Omit<Batch, 'claim'> {
    const { submissions, additions, actions, limits, schedules } = this.asked
    return {
      submissions: submissions.map(opOf),
      additions: additions.map(opOf),
      actions: actions.map(opOf),
      limits: limits.map(opOf),
      schedules: schedules.map(opOf),
      settlements: this.settlements,
    }
  }

  answer({ submitted, added, acted, limited, scheduled }: Committed): void {
    const { submissions, additions, actions, limits, schedules } = this.asked
    answerEach(submissions, submitted)
    answerEach(additions, added)
    answerEach(actions, acted)
    answerEach(limits, limited)
    answerEach(schedules, scheduled)
  }

  refuse(error: unknown): void {
    for (const waiting of Object.values(this.asked)) for (const { reject } of waiting) reject(error)
  }
}

const alone = (asked: Partial<Asked>): Taken => new Taken({ ...nothing(), ...asked }, [], true)

const opOf = <Op>({ op }: { op: Op }): Op => op

const answerEach = <Answer>(waiting: readonly Waiting<unknown, Answer>[], answers: readonly Answer[]) => {
  for (const [i, answer] of answers.entries()) waiting[i]?.resolve(answer)
}
