import type { Api } from './api.ts'
import type { Action, JobPlan, TaskPlan } from './plan.ts'

/** A job of a history. */
export interface Known {
  id: string
  /** How many tasks it has. */
  tasks: number
  /** How often it may have been taken up again. */
  retries: number
  /** Whether somebody has asked for it to be deleted. */
  doomed: boolean
}

/** Tasks of one kind, whose outputs are as long as an event may carry. */
export interface Flood {
  tasks: number
  concurrency: number
  /** Whether each waits at the gate. */
  holds: boolean
  sealed: boolean
}

/** The jobs of a history, and what is asked of them. */
export class Jobs {
  readonly all: Known[] = []
  #asked: Promise<void>[] = []

  constructor(
    readonly api: Api,
    readonly gate: string,
  ) {}

  nth(nth: number): Known | undefined {
    return this.all[nth % this.all.length]
  }

  submit({ tasks, ...fields }: JobPlan): Promise<Known> {
    const { concurrency, ...rest } = fields
    return this.#submitted({
      ...rest,
      ...(concurrency !== undefined && { concurrency }),
      retry: { attempts: 2, delayMs: 0 },
      tasks: tasks.map((task, index) => this.#spec(task, index, index)),
    })
  }

  flood({ tasks, concurrency, holds, sealed }: Flood): Promise<Known> {
    const input = { bytes: 16_000, fails: 0, gate: holds ? this.gate : null, tells: false }
    const items = Array.from({ length: tasks }, () => 0)
    return this.#submitted({
      concurrency,
      sealed,
      each: { items, task: { kind: 'call', handler: 'work', input } },
    })
  }

  async add(known: Known, tasks: readonly TaskPlan[], seal: boolean): Promise<void> {
    const body = { tasks: tasks.map((task, index) => this.#spec(task, known.tasks + index, index)), seal }
    const status = await this.api.act('POST', `/jobs/${known.id}/tasks`, body)
    if (status < 300) known.tasks += tasks.length
  }

  /** What it cannot do to a job it is refused, and changes nothing. */
  async act(known: Known, action: Action, waits: boolean): Promise<void> {
    if (action === 'retry') known.retries += 1
    if (action === 'delete') known.doomed = true
    const asked = this.#ask(known, action)
    if (waits) await asked
    // Should the server die meanwhile, it may have been done or not.
    else this.#asked.push(asked.catch(() => {}))
  }

  /** Waits for every answer. */
  async answered(): Promise<void> {
    await Promise.all(this.#asked.splice(0))
  }

  /** Brings a job to its end; false if there is none any more. */
  async finish({ id }: Known): Promise<boolean> {
    if ((await this.api.job(id)) === undefined) return false
    await this.api.act('POST', `/jobs/${id}/seal`)
    await this.api.act('POST', `/jobs/${id}/resume`)
    await this.api.ended(id)
    return true
  }

  /** Nothing is left of the history. */
  async clear(): Promise<void> {
    await Promise.all(this.all.map(({ id }) => this.api.act('DELETE', `/jobs/${id}`)))
  }

  async #ask({ id }: Known, action: Action): Promise<void> {
    if (action === 'delete') await this.api.act('DELETE', `/jobs/${id}`)
    else await this.api.act('POST', `/jobs/${id}/${action}`)
  }

  async #submitted(body: object): Promise<Known> {
    const { id, counts } = await this.api.submit(body)
    const known = { id, tasks: counts.total, retries: 0, doomed: false }
    this.all.push(known)
    return known
  }

  #spec({ bytes, fails, holds, tells, after }: TaskPlan, index: number, inList: number): object {
    const before = after === undefined ? -1 : inList - 1 - after
    return {
      kind: 'call',
      handler: 'work',
      key: `t${index}`,
      input: { bytes, fails, gate: holds ? this.gate : null, tells },
      ...(before >= 0 && { after: [{ task: `t${index - inList + before}`, on: 'ended' }] }),
    }
  }
}
