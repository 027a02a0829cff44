import type { EndedTask, Progress, RunContext, UpstreamNews } from '../../src/kinds/kind.ts'
import { fakeClock } from '../../src/testing/clock.ts'

/** The context of one attempt. Its methods need `this`, as those of the engine do; its signal counts who asks for it. */
export class TestContext implements RunContext {
  readonly clock = fakeClock()
  readonly controller = new AbortController()
  readonly progressed: Progress[] = []
  readonly logged: unknown[][] = []
  readonly heard: UpstreamNews[] = []
  signalsMade = 0
  /** The tasks that this one comes after, by key or index. */
  readonly dependencies = new Map<string | number, EndedTask>()

  readonly job = '019b7c00-0000-7000-8000-000000000001'
  readonly index = 3
  readonly key = undefined
  readonly attempt = 2
  readonly waitedMs: number = 0
  readonly idempotencyKey = `${this.job}-3`

  get signal() {
    this.signalsMade += 1
    return this.controller.signal
  }

  after(ms: number, action: () => void) {
    return this.clock.after(ms, action)
  }

  async dependency(task: string | number) {
    return this.dependencies.get(task)
  }

  progress(progress: Progress) {
    this.progressed.push(progress)
  }

  log(...line: unknown[]) {
    this.logged.push(line)
  }

  upstream(news: UpstreamNews) {
    this.heard.push(news)
  }
}
