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
  #settlements: Settlement[] = []

  get empty(): boolean {
    return this.#submissions.length + this.#actions.length + this.#settlements.length === 0
  }

  submit(op: NewJob): Promise<Submitted> {
    return new Promise((resolve, reject) => this.#submissions.push({ op, resolve, reject }))
  }

  act(op: Action): Promise<Acted> {
    return new Promise((resolve, reject) => this.#actions.push({ op, resolve, reject }))
  }

  settle(settlement: Settlement): void {
    this.#settlements.push(settlement)
  }

  /** Everything that waits, as one batch. What comes from now on is for the next. */
  take(): Taken {
    const taken = new Taken(this.#submissions, this.#actions, this.#settlements)
    this.#submissions = []
    this.#actions = []
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
    readonly settlements: readonly Settlement[],
  ) {}

  batch(claim: number, ahead: number): Batch {
    return {
      submissions: this.submissions.map(({ op }) => op),
      actions: this.actions.map(({ op }) => op),
      settlements: this.settlements,
      claim,
      ahead,
    }
  }

  answer(committed: Committed): void {
    answerEach(this.submissions, committed.submitted)
    answerEach(this.actions, committed.acted)
  }

  refuse(error: unknown): void {
    for (const { reject } of this.submissions) reject(error)
    for (const { reject } of this.actions) reject(error)
  }
}

const answerEach = <Answer>(waiting: readonly Waiting<unknown, Answer>[], answers: readonly Answer[]) => {
  for (const [i, answer] of answers.entries()) waiting[i]?.resolve(answer)
}
