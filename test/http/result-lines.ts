import { expect } from 'bun:test'
import type { ResultView } from '../../src/job/wire.ts'
import { type AppRig, holding } from './rig.ts'

/** The results in an answer of NDJSON, read one at a time. */
export class ResultLines {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  #text = ''

  constructor(response: Response) {
    expect(response.status).toBe(200)
    if (response.body === null) throw new Error('Expected a body')
    this.#reader = response.body.getReader()
  }

  /** The next result, or undefined at the end. Rejects when the connection is cut. */
  async next(): Promise<ResultView | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n')
      if (end >= 0) {
        const line = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 1)
        return JSON.parse(line)
      }
      const { done, value } = await this.#reader.read()
      if (done) {
        expect(this.#text.trim()).toBe('')
        return undefined
      }
      this.#text += Buffer.from(value).toString()
    }
  }

  /** So many more. */
  async take(count: number): Promise<ResultView[]> {
    const results: ResultView[] = []
    while (results.length < count) {
      const result = await this.next()
      if (result === undefined) throw new Error(`Expected ${count} results, got ${results.length}`)
      results.push(result)
    }
    return results
  }

  /** All that are left. */
  async rest(): Promise<ResultView[]> {
    const results: ResultView[] = []
    for (;;) {
      const result = await this.next()
      if (result === undefined) return results
      results.push(result)
    }
  }

  async leave(): Promise<void> {
    await this.#reader.cancel()
  }
}

export const indexes = (results: readonly ResultView[]): number[] => results.map(({ index }) => index)

export const openResults = async (rig: AppRig, id: string, query: string) =>
  new ResultLines(await rig.get(`/jobs/${id}/results?${query}`, { accept: 'application/x-ndjson' }))

/** A job of so many tasks that all run, until the test ends them. */
export const startHeld = async (rig: AppRig, count: number, fields: object = {}) => {
  const { id } = await rig.submit(
    Array.from({ length: count }, () => holding()),
    { retry: { attempts: 1 }, ...fields },
  )
  return { id, runs: await rig.runs.started(count) }
}
