import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { ResultView } from '../../src/job/wire.ts'
import type { Run } from '../support/script.ts'
import { openResults, type ResultLines } from './result-lines.ts'
import { type AppRig, holding, startApp } from './rig.ts'

/** Someone who wants all results as they come, over as many connections as it takes. */
class Gatherer {
  /** By index, the latest. */
  readonly results = new Map<number, ResultView>()
  told = 0
  #seq = 0
  #lines: Promise<ResultLines> | undefined

  constructor(
    readonly rig: AppRig,
    readonly id: string,
  ) {}

  get #open(): Promise<ResultLines> {
    this.#lines ??= openResults(this.rig, this.id, `order=completion&after=${this.#seq}`)
    return this.#lines
  }

  /** Reads a result, if one is there to be read soon. */
  async read(): Promise<void> {
    const next = (await this.#open).next()
    const turns = new Promise<'later'>((resolve) => setImmediate(() => setImmediate(() => resolve('later'))))
    const first = await Promise.race([next, turns])
    if (first === 'later') {
      // Who waits longer than that for an answer hangs up, and what came meanwhile is lost.
      await this.leave()
      await next
    } else if (first) this.#take(first)
    // The end; should the job be taken up again, there is more.
    else this.#lines = undefined
  }

  async leave(): Promise<void> {
    await (await this.#lines)?.leave()
    this.#lines = undefined
  }

  async finish(): Promise<void> {
    for (const result of await (await this.#open).rest()) this.#take(result)
  }

  #take(result: ResultView): void {
    const { seq = 0 } = result
    if (seq <= this.#seq) throw new Error(`Seq ${seq} came after ${this.#seq}`)
    this.#seq = seq
    this.told += 1
    this.results.set(result.index, result)
  }
}

/** What a job goes through, a step at a time. */
class Story {
  readonly gatherers: Gatherer[]
  #held: Run[] = []
  #started = 0

  constructor(
    readonly rig: AppRig,
    readonly id: string,
    count: number,
  ) {
    this.gatherers = Array.from({ length: count }, () => new Gatherer(rig, id))
  }

  async end(nth: number, how: 'succeed' | 'fail' | 'long' | 'again'): Promise<void> {
    await this.rig.clock.advance(0)
    this.#held.push(...this.rig.runs.runs.slice(this.#started))
    this.#started = this.rig.runs.runs.length
    const [run] = this.#held.splice(nth % Math.max(1, this.#held.length), 1)
    if (how === 'succeed') run?.succeed(nth)
    else if (how === 'long') run?.succeed('x'.repeat(17_000))
    else run?.fail(how === 'again')
    await this.rig.clock.advance(0)
  }

  /** Runs it to its end, with all that it waits for. */
  async finish(): Promise<void> {
    for (;;) {
      const { state } = await this.rig.read(this.id)
      if (['succeeded', 'failed', 'cancelled'].includes(state)) return
      await this.end(0, 'succeed')
      await this.rig.clock.advance(1_000)
    }
  }
}

type Step = (story: Story) => Promise<unknown>

const nth = fc.nat({ max: 20 })
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(nth, fc.constantFrom('succeed', 'fail', 'long', 'again')).map(
        ([at, how]): Step =>
          (story) =>
            story.end(at, how),
      ),
    },
    {
      weight: 6,
      arbitrary: nth.map(
        (at): Step =>
          ({ gatherers }) =>
            gatherers[at % gatherers.length]?.read() ?? Promise.resolve(),
      ),
    },
    {
      weight: 2,
      arbitrary: nth.map(
        (at): Step =>
          ({ gatherers }) =>
            gatherers[at % gatherers.length]?.leave() ?? Promise.resolve(),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom('cancel', 'retry', 'pause', 'resume').map(
        (action): Step =>
          ({ rig, id }) =>
            rig.post(`/jobs/${id}/${action}`),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constant<Step>(({ rig, id }) => rig.post(`/jobs/${id}/tasks`, { tasks: [holding()] })),
    },
  ),
  { maxLength: 60, size: 'max' },
)

describe('whatever happens to a job, and to the connections', () => {
  test('what came by order=completion, the latest of each task, is what the job has in input order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          tasks: fc.nat({ max: 12 }),
          concurrency: fc.integer({ min: 1, max: 8 }),
          sealed: fc.boolean(),
        }),
        fc.constantFrom('allSettled', 'all', 'any'),
        steps,
        async ({ tasks, concurrency, sealed }, mode, steps) => {
          await using rig = await startApp({ concurrency })
          const retry = { attempts: 2, delayMs: 1, backoff: 'fixed' }
          const given = Array.from({ length: tasks }, () => holding())
          const { id } = await rig.submit(given, { mode, sealed, retry })
          const story = new Story(rig, id, 2)
          for (const step of steps) await step(story)
          await rig.post(`/jobs/${id}/resume`)
          await rig.post(`/jobs/${id}/seal`)
          await story.finish()
          const { data }: { data: ResultView[] } = await (await rig.get(`/jobs/${id}/results`)).json()
          for (const gatherer of story.gatherers) {
            await gatherer.finish()
            const got = [...gatherer.results.values()].map(({ seq: _, ...result }) => result)
            expect(got.toSorted((a, b) => a.index - b.index)).toEqual(data)
          }
        },
      ),
      { numRuns: Number(process.env.SHEAF_RESULTS_RUNS ?? 40) },
    )
  }, 120_000)
})
