import type { Excess } from './results.ts'

/** Gathers rows as JSON text, as far as they keep within their caps. */
export class Rows {
  readonly #columns: readonly string[]
  /** `"id":`, ready to be followed by a value. */
  readonly #keys: readonly string[]
  readonly #rows: string[] = []
  /** The brackets count too. */
  #bytes = 2

  constructor(
    columns: readonly string[],
    readonly most: { maxRows: number; maxBytes: number },
  ) {
    this.#columns = distinct(columns)
    this.#keys = this.#columns.map((column) => `${JSON.stringify(column)}:`)
  }

  get bytes(): number {
    return this.#bytes
  }

  get count(): number {
    return this.#rows.length
  }

  /** Takes a row, given as the JSON text of each value, unless that would be too much. */
  add(values: readonly string[]): Excess | undefined {
    if (this.count >= this.most.maxRows) return 'rows'
    const row = `{${values.map((value, at) => this.#keys[at] + value).join(',')}}`
    this.#bytes += Buffer.byteLength(row) + (this.count > 0 ? 1 : 0)
    if (this.#bytes > this.most.maxBytes) return 'bytes'
    this.#rows.push(row)
    return undefined
  }

  /** The output of the task. `changed` is how many rows a statement wrote that returned none. */
  output(changed = 0): string {
    return outputText(JSON.stringify(this.#columns), `[${this.#rows.join(',')}]`, this.count || changed)
  }
}

/** `columns` and `rows` are JSON text. */
export const outputText = (columns: string, rows: string, rowCount: number): string =>
  `{"columns":${columns},"rows":${rows},"rowCount":${rowCount}}`

/** A name that came before gets a number, so that no value is lost: `id`, `id_2`. */
const distinct = (names: readonly string[]): string[] => {
  const taken = new Set<string>()
  for (const name of names) {
    let free = name
    for (let number = 2; taken.has(free); number += 1) free = `${name}_${number}`
    taken.add(free)
  }
  return [...taken]
}
