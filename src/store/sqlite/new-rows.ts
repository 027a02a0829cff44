import type { SQLQueryBindings } from 'bun:sqlite'
import type { Statements } from './statements/index.ts'
import { bindRow, boundRow, type NewRow, rowsAtOnce } from './statements/new-tasks.ts'

/** Puts new tasks into their table, many with each statement. */
export class NewRows {
  readonly #values: SQLQueryBindings[] = []
  #count = 0

  constructor(readonly statements: Pick<Statements, 'insertTask' | 'insertTasks'>) {}

  add(row: NewRow): void {
    bindRow(this.#values, this.#count, row)
    this.#count += 1
    if (this.#count < rowsAtOnce) return
    this.statements.insertTasks.run(this.#values)
    this.#count = 0
  }

  /** Puts in those that are left. */
  end(): void {
    for (let nth = 0; nth < this.#count; nth += 1) this.statements.insertTask.run(boundRow(this.#values, nth))
    this.#count = 0
  }
}
