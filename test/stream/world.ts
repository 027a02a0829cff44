import { Api } from './api.ts'
import type { Cluster, Node } from './cluster.ts'
import type { Gate } from './gate.ts'
import { Jobs, type Known } from './jobs.ts'
import { Journal } from './journal.ts'
import type { Transport } from './lines/line.ts'
import type { Since, Step } from './plan.ts'
import { type Followed, Reader } from './reader.ts'
import { expectKept, expectTrue, memoryOf, readTruth } from './truth.ts'

const mostReaders = 5
/** What a reader may be told of a job that was deleted: that there is none, or before, that it had seen all. */
const gone = new Set(['not_found', 'seen'])

/** A cluster, jobs on it, and those who follow them, as a history has it. */
export class World {
  readonly readers: Reader[] = []
  readonly jobs: Jobs
  readonly #api: Api

  constructor(
    readonly cluster: Cluster,
    readonly gate: Gate,
    readonly transport: Transport,
  ) {
    let asked = 0
    this.#api = new Api(() => this.#node(asked++).url)
    this.jobs = new Jobs(this.#api, gate.url)
  }

  async take(step: Step): Promise<void> {
    await this.#perform(step)
    this.#check()
  }

  /** Brings every job to its end, and everybody to the end of every job; then each has to know what there is to know. */
  async finish(): Promise<void> {
    await this.jobs.answered()
    this.gate.open()
    for (const known of this.jobs.all) await this.#finish(known)
    for (const reader of this.readers) await reader.disconnect('politely')
    this.#check()
    await this.jobs.clear()
    this.gate.shut()
  }

  /** Leaves everything as it is. */
  async abandon(): Promise<void> {
    for (const reader of this.readers) await reader.disconnect('rudely')
  }

  async #perform(step: Step): Promise<void> {
    switch (step.do) {
      case 'submit':
        return void (await this.jobs.submit(step.plan))
      case 'flood':
        return void (await this.jobs.flood({ ...step, sealed: true }))
      case 'overwhelm':
        return this.#overwhelm(step)
      case 'let on':
        return this.gate.let(step.count)
      case 'pass turns':
        for (let left = step.count; left > 0; left -= 1)
          await new Promise<void>((resolve) => setImmediate(resolve))
        return
      case 'restart':
        return this.#restart(this.#node(step.node), step.end)
      case 'look':
        return this.#look()
      case 'add':
      case 'act':
      case 'join':
        return this.#withJob(step)
      default:
        return this.#withReader(step)
    }
  }

  async #withJob(step: Step & { do: 'add' | 'act' | 'join' }): Promise<void> {
    const known = this.jobs.nth(step.job)
    if (known === undefined) return
    if (step.do === 'add') await this.jobs.add(known, step.tasks, step.seal)
    else if (step.do === 'act') await this.jobs.act(known, step.action, step.waits)
    else await this.#join(step, known)
  }

  async #withReader(step: Step & { do: 'hold' | 'go' | 'return' | 'drop' | 'leave one' }): Promise<void> {
    const reader = this.readers[step.reader % this.readers.length]
    if (reader === undefined) return
    switch (step.do) {
      case 'hold':
        return reader.hold()
      case 'go':
        return reader.go()
      case 'drop':
        return reader.disconnect(step.how)
      case 'return':
        for (const followed of reader.follows)
          if (!followed.journal.isLast) await this.#resume(reader, followed)
        return
      case 'leave one': {
        const followed = reader.follows[step.follow % reader.follows.length]
        return followed && reader.leave(followed)
      }
      default:
        step satisfies never
    }
  }

  async #join({ reader: nth, since, filter }: Step & { do: 'join' }, known: Known): Promise<void> {
    const job = await this.#api.job(known.id)
    if (job === undefined) return
    const reader = this.#readerFor(known, nth)
    await reader?.follow(new Journal(known, seqOf(since, job.seq), filter))
  }

  /** More happens to a job than all buffers hold, while somebody follows it and reads nothing, and somebody else reads all. */
  async #overwhelm({ reader: nth, goes, ...flood }: Step & { do: 'overwhelm' }): Promise<void> {
    const known = await this.jobs.flood({ ...flood, holds: false, sealed: false })
    const slow = this.#readerFor(known, nth) ?? this.#newReader()
    const behind = await slow.follow(new Journal(known, 0, {}))
    await slow.hold()
    const fast = this.#newReader()
    const ahead = await fast.follow(new Journal(known, 0, {}))
    // Others may take all places while they wait.
    this.gate.open()
    await fast.until(ahead, ({ journal }) => journal.counts?.succeeded === flood.tasks)
    this.gate.shut()
    if (!goes) return
    await slow.go()
    const job = await this.#api.job(known.id)
    if (job) await slow.reach(behind, job)
  }

  /** The n-th reader, or a new one; one that can follow the job. */
  #readerFor({ id }: Known, nth: number): Reader | undefined {
    const able = this.readers.filter((reader) => reader.canFollow(id))
    const one = able[nth % (able.length + 1)]
    if (one || this.readers.length >= mostReaders) return one ?? able[0]
    return this.#newReader()
  }

  #newReader(): Reader {
    const reader = new Reader(`reader ${this.readers.length}`, this.transport, this.cluster.nodes)
    this.readers.push(reader)
    return reader
  }

  async #resume(reader: Reader, followed: Followed): Promise<void> {
    if (followed.subscription === undefined && reader.canFollow(followed.journal.of.id))
      await reader.resume(followed)
  }

  async #restart(node: Node, end: 'stop' | 'kill'): Promise<void> {
    await node.restart(end)
    await this.jobs.answered()
    for (const reader of this.readers) await reader.lost()
    for (const { id } of this.jobs.all) {
      const told = this.#followsOf(id).map(({ journal }) => memoryOf(journal))
      const tasks = await this.#api.tasks(id)
      const job = await this.#api.job(id)
      if (job) for (const memory of told) expectKept(memory, { job, tasks })
    }
  }

  /** Whoever reads comes to where things stand by now; and where nothing moves, knows all that there is. */
  async #look(): Promise<void> {
    await this.jobs.answered()
    for (const { id } of this.jobs.all) {
      const truth = await readTruth(this.#api, id)
      if (truth === undefined) continue
      for (const reader of this.readers)
        for (const followed of reader.follows) {
          const { journal, subscription } = followed
          if (reader.held || subscription === undefined || journal.of.id !== id || journal.isFiltered)
            continue
          await reader.reach(followed, truth.job)
          this.#check()
          if (journal.seq === truth.job.seq) expectTrue(followed, truth)
        }
    }
  }

  async #finish(known: Known): Promise<void> {
    const exists = await this.jobs.finish(known)
    if (!exists && !known.doomed) throw new Error(`Job ${known.id} is gone`)
    const truth = exists ? await readTruth(this.#api, known.id) : undefined
    for (const reader of this.readers) {
      await reader.go()
      for (const followed of reader.follows) {
        if (followed.journal.of.id !== known.id) continue
        if (truth) await this.#catchUp(reader, followed, truth.job.seq)
        else await this.#missed(reader, followed)
        this.#check()
        if (truth) expectTrue(followed, truth)
      }
    }
  }

  /** Follows a job to its end. Who had seen an end before a retry has to come back for the next. */
  async #catchUp(reader: Reader, followed: Followed, seq: number): Promise<void> {
    const { journal } = followed
    const isDone = () => (journal.isLast || followed.refusal === 'seen') && journal.seq === seq
    for (let left = 3; !isDone() && left > 0; left -= 1) {
      await this.#makeWay(reader, followed)
      await this.#resume(reader, followed)
      await reader.over(followed)
    }
    // After the last event nothing is left open, either.
    await reader.over(followed)
  }

  /** Who is told of a job that is gone is told so, or was told of its end. */
  async #missed(reader: Reader, followed: Followed): Promise<void> {
    await reader.over(followed)
    const { journal, refusal } = followed
    if (!journal.isLast && reader.connected && refusal !== undefined && !gone.has(refusal))
      throw new Error(`A job was deleted, and ${reader.name} is told: ${refusal}`)
  }

  /** On a line that cannot share, another subscription to the same job has to end first. */
  async #makeWay(reader: Reader, { journal, subscription }: Followed): Promise<void> {
    if (subscription || reader.canFollow(journal.of.id)) return
    for (const other of reader.follows) if (other.journal.of.id === journal.of.id) await reader.leave(other)
  }

  #followsOf(id: string): Followed[] {
    return this.readers.flatMap(({ follows }) => follows).filter(({ journal }) => journal.of.id === id)
  }

  #node(nth: number): Node {
    const { nodes } = this.cluster
    return nodes[nth % nodes.length] ?? nodes[0]
  }

  /** Throws what was found on the way. */
  #check(): void {
    const flaws = this.readers.flatMap((reader) => reader.flaws)
    if (flaws.length > 0) throw new Error(flaws.join('\n'))
  }
}

const seqOf = (since: Since, seq: number) => (since === 'now' ? undefined : Math.round(since * seq))
