import { expect } from 'bun:test'
import { Session } from '../../../src/http/channel/session.ts'
import { largestFrame, type ServerMessage } from '../../../src/job/events.ts'
import { hasEnded } from '../../../src/job/state.ts'
import type { Action, JobRecord } from '../../../src/store/store.ts'
import { changeOf } from '../../engine/kit/fold.ts'
import { Probe } from '../../engine/kit/probe.ts'
import { jobOf, type Rig, startEngine, taskOf } from '../../support/engine.ts'
import { FakeSocket } from '../fake-socket.ts'
import { type Known, SelectingClient } from './client.ts'

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** Room for few messages: a reader that takes none is behind soon. */
const bufferBytes = 2 * (largestFrame + 2_000)

export interface WorldOptions {
  /** So many turns of the event loop pass before and after each read of the store. */
  delays: readonly number[]
  name: boolean
  label: boolean
  /** How many jobs a socket may follow. */
  most: number
  /** Whether jobs may go on after their end, and selections overlap: then the client goes on naming jobs that have ended. */
  revives: boolean
}

export interface Made {
  matches: boolean
  /** Tasks that end at once, and tasks that the test ends. */
  quick: number
  held: number
}

/** The engine, a client that selects, and the socket between them, which holds what the client has yet to take. */
export class World {
  readonly jobs: JobRecord[] = []
  readonly client: SelectingClient
  /** How many selections are under way. */
  selecting = 0
  #socket = new FakeSocket()
  #session: Session | undefined
  /** The jobs that had ended before the client was told of all that were open. */
  #before = new Set<string>()
  /** The jobs that went on after an end that the client did not see: it may have been gone until they had ended again. */
  readonly #revived = new Set<string>()

  static async start(options: WorldOptions): Promise<World> {
    let reads = 0
    const delay = () => turns(options.delays[reads++ % options.delays.length] ?? 0)
    const probes: Probe[] = []
    const wrap = (store: Rig['store']) => {
      const probe = Object.assign(new Probe(store), { beforeRead: delay, afterRead: delay })
      probes.push(probe)
      return probe
    }
    const rig = await startEngine({ wrap, keepMs: 1e9 })
    const [probe] = probes
    if (probe === undefined) throw new Error('Expected the engine to ask for its store')
    return new World(rig, probe, options)
  }

  constructor(
    readonly rig: Rig,
    readonly probe: Probe,
    readonly options: WorldOptions,
  ) {
    const { name, label, revives } = options
    const { select } = rig.engine
    rig.engine.select = (...given) => {
      this.selecting += 1
      const searching = select(...given)
      const done = searching.done.finally(() => {
        this.selecting -= 1
      })
      return { ...searching, done }
    }
    this.client = new SelectingClient(
      { ...((name || !label) && { name: 'enrich' }), ...(label && { label: 'team:growth' }) },
      revives,
    )
  }

  async submit({ matches, quick, held }: Made): Promise<void> {
    const tasks = [
      ...Array.from({ length: quick }, (_, value) => taskOf('echo', { value })),
      ...Array.from({ length: held }, (_, value) => taskOf('script', { value })),
    ]
    const fields = matches
      ? { name: 'enrich', labels: { team: 'growth', kind: 'test' } }
      : { labels: { team: 'core' } }
    this.jobs.push(await this.rig.submit(jobOf(tasks, fields)))
  }

  /** Ends some of what runs. */
  async end(count: number, well: boolean): Promise<void> {
    for (const run of this.rig.script.runs.splice(0, count))
      if (well) run.succeed()
      else run.fail(false)
    await turns(1)
  }

  async act(type: Action['type'], nth: number): Promise<void> {
    const job = this.jobs[nth % this.jobs.length]
    if (job === undefined || (type === 'retry' && !this.options.revives)) return
    if (type === 'retry' && !this.client.jobs.has(job.id)) this.#revived.add(job.id)
    await this.rig.act(type, job)
  }

  connect(): void {
    this.disconnect()
    const { client, rig, options } = this
    this.#socket = new FakeSocket()
    this.#session = new Session(this.#socket, {
      engine: rig.engine,
      log: { debug() {}, info() {}, warn() {}, error() {} },
      bufferBytes,
      most: options.most,
    })
    this.#session.receive(JSON.stringify(client.subscribe()))
  }

  /** Selects the same jobs once more over the same socket, or no longer. */
  beside(type: 'subscribe' | 'unsubscribe'): void {
    if (this.options.revives) this.#session?.receive(JSON.stringify({ type, label: 'kind:test' }))
  }

  /** What was sent and not taken is lost. */
  disconnect(): void {
    this.#session?.close()
    this.#session = undefined
  }

  /** The client takes some messages. */
  async take(count: number): Promise<void> {
    if (this.#session === undefined) return
    const { since } = this.client
    for (const text of this.#socket.sent.splice(0, count)) {
      const message: ServerMessage = JSON.parse(text)
      this.#socket.buffered -= text.length
      this.client.take(message)
    }
    if (this.#socket.sent.length === 0) this.#session.drained()
    if (since === undefined && this.client.since !== undefined) this.#before = await this.#ended()
  }

  /** Brings every job to its end, and the client to know of it. */
  async finish(): Promise<void> {
    if (this.#session === undefined) this.connect()
    for (const job of this.jobs) await this.rig.act('resume', job)
    for (let quiet = 0; quiet < 10; ) {
      await this.end(Number.POSITIVE_INFINITY, true)
      await this.rig.settle()
      await turns(20)
      quiet = this.#socket.sent.length === 0 && this.rig.script.runs.length === 0 ? quiet + 1 : 0
      await this.take(Number.POSITIVE_INFINITY)
    }
    expect(this.#socket.closed).toBeUndefined()
    await this.#expectSame()
    this.disconnect()
    await turns(10)
    expect(this.selecting).toBe(0)
  }

  async #expectSame(): Promise<void> {
    for (const { id } of this.jobs) {
      const job = await this.rig.store.job(id)
      const known = this.client.jobs.get(id)
      if (job === undefined) continue
      const isExcused = this.#before.has(id) || this.#revived.has(id)
      if (job.labels.team !== 'growth' || (isExcused && known === undefined)) expect(known).toBeUndefined()
      else await this.#expectKnown(job, known)
    }
  }

  async #expectKnown(job: JobRecord, known: Known | undefined): Promise<void> {
    if (known === undefined) throw new Error(`The client was never told of job ${job.id}`)
    expect(hasEnded(job.state)).toBe(true)
    expect(known.job).toMatchObject({ state: job.state, seq: job.seq, counts: job.counts })
    expect(known.ends.at(-1)).toBe(job.seq)
    const after = job.number > (this.client.first ?? 0) ? 0 : known.after
    const since = (await this.rig.tasks(job)).filter(({ seq }) => seq > after)
    expect([...known.tasks.values()].sort((a, b) => a.index - b.index)).toEqual(since.map(changeOf))
  }

  async #ended(): Promise<Set<string>> {
    const records = await Promise.all(this.jobs.map(({ id }) => this.rig.store.job(id)))
    return new Set(records.flatMap((job) => (job && hasEnded(job.state) ? job.id : [])))
  }
}
