import { Problem, type ProblemCode } from '../../job/errors.ts'
import { limits } from '../../job/limits.ts'

/** Where in a job the rows of an upload belong. */
export type RowsField = 'tasks' | 'items' | 'each.items'

/** Tasks or items that came one after another, with the line on which each begins if they came in lines. */
export class Rows {
  readonly values: unknown[] = []
  readonly #lines: (number | undefined)[] = []

  constructor(
    readonly field: RowsField,
    /** How many rows of the same upload came before these. */
    readonly start = 0,
  ) {}

  /** The field of the row that comes next. */
  get next(): string {
    return this.nameOf(this.start + this.values.length)
  }

  /** The field of a row, by its place in the upload. */
  nameOf(at: number): string {
    return `${this.field}[${at}]`
  }

  add(value: unknown, line: number): void {
    if (this.start + this.values.length === limits.tasks)
      throw this.refusal(line, `Expected "${this.field}" to be at most ${limits.tasks}, got more.`, 'invalid')
    this.#push(value, line)
  }

  #push(value: unknown, line: number | undefined): void {
    this.values.push(value)
    this.#lines.push(line)
  }

  /** Rows that came as one value. */
  static of(field: RowsField, values: readonly unknown[]): Rows {
    const rows = new Rows(field)
    for (const value of values) rows.#push(value, undefined)
    return rows
  }

  /** Where the row of a field such as `tasks[3].ms` begins. */
  lineOf(field: string): number | undefined {
    if (!field.startsWith(`${this.field}[`)) return undefined
    return this.#lines[Number.parseInt(field.slice(this.field.length + 1), 10) - this.start]
  }

  /** Of the row that would come next. */
  refusal(line: number, message: string, code: ProblemCode = 'malformed'): Problem {
    return lineProblem(code, line, { field: this.next, message })
  }
}

export const lineProblem = (
  code: ProblemCode,
  line: number,
  { field, message }: { field: string; message: string },
): Problem => {
  const detail = onLine(line, message)
  return new Problem(code, detail, { errors: [{ field, message: detail }] })
}

export const onLine = (line: number, message: string) => `line ${line}: ${message}`
