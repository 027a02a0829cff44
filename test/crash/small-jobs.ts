import type { JobSpec } from '../../src/kinds/spec.ts'
import { type Gate, persist } from './gate.ts'
import type { Pulse } from './pulse.ts'
import { type Accepted, readJobs, readResults, submit } from './rest.ts'
import { diedWithServer } from './tasks.ts'

const smallName = 'small'

/** One of them, as far as it got. */
interface Small {
  key: string
  spec: JobSpec
  /** Known once it is acknowledged. */
  id?: string
  /** Its results as they were first read, as JSON. */
  results?: string
}

/**
 * Submits small jobs, one after another in each lane, each under an Idempotency-Key. Whoever gets no answer because the
 * server died asks again, as a careful client does.
 */
export class SmallJobs {
  readonly all: Small[] = []
  readonly faults: string[] = []
  /** How often a submission was still on its way when the server died. */
  unanswered = 0
  #stopped = false

  constructor(
    readonly url: string,
    readonly gate: Gate,
    readonly pulse: Pulse,
  ) {}

  get acknowledged(): (Small & { id: string })[] {
    return this.all.flatMap((small) => (small.id === undefined ? [] : [{ ...small, id: small.id }]))
  }

  /** Goes on until it is stopped, and its last job has ended. */
  async lane(): Promise<void> {
    while (!this.#stopped) {
      const small = this.#next()
      await this.#acknowledge(small)
      await this.#readResults(small)
    }
  }

  describe(): string {
    return `${this.all.filter(({ results }) => results === undefined).length} of ${this.all.length} small jobs are open`
  }

  stop(): void {
    this.#stopped = true
  }

  /** What does not hold now that the server stays: each acknowledged job is there, once, with the results it had. */
  async verify(): Promise<string[]> {
    const faults = [...this.faults]
    const submissions = Map.groupBy(await readJobs(this.url, smallName), ({ labels }) => labels.key ?? '')
    for (const small of this.all) {
      const { key, id } = small
      const again = await submit(this.url, key, small.spec)
      if (again.id !== id || !again.replayed)
        faults.push(`${key} was acknowledged as ${id}, and submitted again it is ${JSON.stringify(again)}`)
      const jobs = submissions.get(key) ?? []
      if (jobs.length !== 1) faults.push(`${key} made ${jobs.length} jobs`)
      const results = JSON.stringify(await readResults(this.url, again.id))
      if (results !== small.results)
        faults.push(`${key} had the results ${small.results}, and has ${results}`)
    }
    const after = await readJobs(this.url, smallName)
    if (after.length !== this.all.length) faults.push(`${this.all.length} small jobs became ${after.length}`)
    return faults
  }

  #next(): Small {
    const number = this.all.length
    const key = `small-${number}`
    const spec: JobSpec = {
      name: smallName,
      labels: { key },
      tasks: [
        { kind: 'sleep', ms: number % 13 },
        { kind: 'call', handler: 'stumble', input: { n: number }, retry: { delayMs: 5 } },
      ],
    }
    // Every fifth starts later; every third has a task that comes after both.
    if (number % 5 === 0) spec.delayMs = 10 + (number % 40)
    if (number % 3 === 0)
      spec.tasks?.push({
        kind: 'sleep',
        ms: 0,
        after: [
          { task: 0, on: 'ended' },
          { task: 1, on: 'ended' },
        ],
      })
    const small: Small = { key, spec }
    this.all.push(small)
    return small
  }

  async #acknowledge(small: Small): Promise<void> {
    let tries = 0
    const { id, replayed } = await persist(this.gate, async (): Promise<Accepted> => {
      tries += 1
      const answer = submit(this.url, small.key, small.spec)
      this.pulse.beat('submission')
      return answer
    })
    if (tries === 1 && replayed) this.faults.push(`${small.key} was taken for a job from before`)
    this.unanswered += tries - 1
    small.id = id
    this.pulse.beat('acknowledgement')
  }

  async #readResults(small: Small): Promise<void> {
    const { id, key } = small
    if (id === undefined) return
    const results = await persist(this.gate, () => readResults(this.url, id))
    small.results = JSON.stringify(results)
    if (!results.every((result) => result.state === 'succeeded' || diedWithServer(result)))
      this.faults.push(`${key} ended with ${small.results}`)
  }
}
