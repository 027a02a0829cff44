// Teaches TypeBox what a UUID is.
import 'elysia'
import type { ServerWebSocket } from 'bun'
import { systemClock } from '../../../src/clock.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { framesOf } from '../../../src/engine/frame.ts'
import { Hub } from '../../../src/engine/hub.ts'
import { Session } from '../../../src/http/channel/session.ts'
import { createKinds } from '../../../src/kinds/kinds.ts'
import { parseJob, prepareJob } from '../../../src/kinds/prepare.ts'
import { createLog } from '../../../src/log.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import type { Changes, Claim, JobChange, JobRecord, Store, TaskChange } from '../../../src/store/store.ts'
import { paced } from '../rig/pace.ts'
import { serveTool } from '../rig/tool.ts'

export type ReplayQuestion =
  /** Runs a job of so many tasks with that output (JSON text), and writes what it tells, a text for each message, to the file. */
  | { type: 'start'; tasks: number; batch: number; output: string; file: string }
  /** Tells it all again to those who have subscribed since. */
  | { type: 'replay' }

export interface ReplayAnswer {
  url: string
  job: string
}

/** What was committed, told again from its beginning: what it costs to run and to commit is not measured, all that comes after is. */
class Replay implements Pick<Store, 'job' | 'changes'> {
  #told: JobChange[] = []

  constructor(readonly first: JobRecord) {}

  tell(change: JobChange): void {
    this.#told.push(change)
  }

  async job(): Promise<JobRecord> {
    return this.#told.at(-1)?.job ?? this.first
  }

  async changes(_: string, after: number, limit: number): Promise<Changes> {
    const latest = new Map<number, TaskChange>()
    for (const { tasks } of this.#told) for (const task of tasks) latest.set(task.index, task)
    const past = [...latest.values()].filter(({ seq }) => seq > after).sort((a, b) => a.seq - b.seq)
    return { job: await this.job(), tasks: past.slice(0, limit), more: past.length > limit }
  }
}

type Start = Extract<ReplayQuestion, { type: 'start' }>

/** Runs a job by hand, in memory; what each commit changed. */
const run = async ({ tasks, batch, output }: Start): Promise<{ first: JobRecord; changes: JobChange[] }> => {
  const store = openSqlite({ file: ':memory:' })
  const spec = parseJob({ tasks: new Array(tasks).fill({ kind: 'sleep', ms: 0 }) })
  const job = prepareJob(spec, createKinds(), { id: Bun.randomUUIDv7(), now: Date.now() })
  await store.commit({ submissions: [job], actions: [], settlements: [], claim: 0 }, Date.now())
  const first = await store.job(job.id)
  if (first === undefined) throw new Error('Expected the job to be there')
  const changes: JobChange[] = []
  let held: Claim[] = []
  do {
    const settlements = held.map((claim) => ({
      claim,
      result: { type: 'succeeded', output } as const,
    }))
    const committed = await store.commit(
      { submissions: [], actions: [], settlements, claim: batch },
      Date.now(),
    )
    changes.push(...committed.changes)
    held = committed.claimed
  } while (held.length > 0)
  await store.close()
  return { first, changes }
}

const log = createLog({ level: 'warn', clock: systemClock })
const rate = () => 0
const sockets = new Set<ServerWebSocket<Session | undefined>>()
let recorded: Awaited<ReturnType<typeof run>> | undefined
let replay: Replay | undefined
let hub: Hub | undefined

/** A new hub, before anything was told. */
const rewind = (first: JobRecord): void => {
  replay = new Replay(first)
  // A hub asks its store for nothing else, and a session its engine only to follow.
  hub = new Hub({ clock: systemClock, store: replay as unknown as Store, rate })
}

const start = async (asked: Start) => {
  recorded = await run(asked)
  await Bun.write(
    asked.file,
    JSON.stringify(recorded.changes.flatMap((change) => framesOf(change, rate).map((frame) => frame.text()))),
  )
  rewind(recorded.first)
  server ??= serve()
  return { url: server.url.href, job: recorded.first.id }
}

let server: Bun.Server<Session | undefined> | undefined

const serve = () =>
  Bun.serve<Session | undefined>({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request, server) =>
      server.upgrade(request, { data: undefined }) ? undefined : new Response(null, { status: 426 }),
    websocket: {
      perMessageDeflate: false,
      open(socket) {
        const engine = { follow: (...args: Parameters<Hub['follow']>) => hub?.follow(...args) }
        socket.data = new Session(socket, {
          engine: engine as unknown as Engine,
          log,
          bufferBytes: 1024 * 1024,
        })
        sockets.add(socket)
      },
      message: (socket, message) => socket.data?.receive(message),
      drain: (socket) => socket.data?.drained(),
      close(socket) {
        socket.data?.close()
        sockets.delete(socket)
      },
    },
  })

const again = async () => {
  if (recorded === undefined) throw new Error('Nothing was recorded')
  for (const change of recorded.changes) {
    replay?.tell(change)
    hub?.publish([change])
    await paced(sockets)
  }
  rewind(recorded.first)
  return { url: '', job: '' }
}

serveTool<ReplayQuestion, ReplayAnswer>((question) => (question.type === 'start' ? start(question) : again()))
