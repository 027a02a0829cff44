import type { Limited, LimitsChange } from '../store/flow.ts'
import type { ScheduleChange } from '../store/schedule.ts'
import type { Acted, Action, Batch, Committed, NewJob, Settlement, Submitted } from '../store/store.ts'

interface Waiting<Op, Answer> {
  op: Op
  resolve(answer: Answer): void
  reject(error: unknown): void
}

/** What waits for the next commit, and who waits for its answer. */
export class Intake {
  #submissions: Waiting<NewJob, Submitted>[] = []
  #actions: Waiting<Action, Acted>[] = []
  #limits: Waiting<LimitsChange, Limited>[] = []
  #schedules: Waiting<ScheduleChange, boolean>[] = []
  #settlements: Settlement[] = []

  get empty(): boolean {
    const waiting = [this.#submissions, this.#actions, this.#limits, this.#schedules, this.#settlements]
    return waiting.every(({ length }) => length === 0)
  }

  submit(op: NewJob): Promise<Submitted> {
    return new Promise((resolve, reject) => this.#submissions.push({ op, resolve, reject }))
  }

  act(op: Action): Promise<Acted> {
    return new Promise((resolve, reject) => this.#actions.push({ op, resolve, reject }))
  }

  limit(op: LimitsChange): Promise<Limited> {
    return new Promise((resolve, reject) => this.#limits.push({ op, resolve, reject }))
  }

  reschedule(op: ScheduleChange): Promise<boolean> {
    return new Promise((resolve, reject) => this.#schedules.push({ op, resolve, reject }))
  }

  settle(settlement: Settlement): void {
    this.#settlements.push(settlement)
  }

  /** Everything that waits, as one batch. What comes from now on is for the next. */
  take(): Taken {
    const taken = new Taken(
      this.#submissions,
      this.#actions,
      this.#limits,
      this.#schedules,
      this.#settlements,
    )
    this.#submissions = []
    this.#actions = []
    this.#limits = []
    this.#schedules = []
    this.#settlements = []
    return taken
  }

  /** The end of an attempt is kept until it is on disk, however often that fails. */
  keep(taken: Taken): void {
    this.#settlements = [...taken.settlements, ...this.#settlements]
  }
}

export class Taken {
  constructor(
    readonly submissions: readonly Waiting<NewJob, Submitted>[],
    readonly actions: readonly Waiting<Action, Acted>[],
    readonly limits: readonly Waiting<LimitsChange, Limited>[],
    readonly schedules: readonly Waiting<ScheduleChange, boolean>[],
    readonly settlements: readonly Settlement[],
  ) {}

  batch(): Omit<Batch, 'claim'> {
    return {
      submissions: this.submissions.map(({ op }) => op),
      actions: this.actions.map(({ op }) => op),
      limits: this.limits.map(({ op }) => op),
      schedules: this.schedules.map(({ op }) => op),
      settlements: this.settlements,
    }
  }

  answer(committed: Committed): void {
    answerEach(this.submissions, committed.submitted)
    answerEach(this.actions, committed.acted)
    answerEach(this.limits, committed.limited)
    answerEach(this.schedules, committed.scheduled)
  }

  refuse(error: unknown): void {
    for (const { reject } of this.submissions) reject(error)
    for (const { reject } of this.actions) reject(error)
    for (const { reject } of this.limits) reject(error)
    for (const { reject } of this.schedules) reject(error)
  }
}

const answerEach = <Answer>(waiting: readonly Waiting<unknown, Answer>[], answers: readonly Answer[]) => {
  for (const [i, answer] of answers.entries()) waiting[i]?.resolve(answer)
}
