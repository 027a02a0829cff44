import type { JobView, TaskView } from '../../src/job/wire.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { temporaryFolder } from '../support/folder.ts'
import type { Exit } from '../support/process.ts'
import { audit, inspect } from './audit.ts'
import { Past } from './content.ts'
import { Deadline } from './deadline.ts'
import { Dying } from './dying.ts'
import { Gate } from './gate.ts'
import type { Journal } from './journal.ts'
import { Lives } from './lives.ts'
import { drawMoments, killsARound, type Moment } from './moments.ts'
import { Pulse } from './pulse.ts'
import { put, readJob, readScheduled, readTasks, submit } from './rest.ts'
import { Samples } from './samples.ts'
import { SmallJobs } from './small-jobs.ts'
import { type Planned, plan } from './tasks.ts'
import { pace, Upstreams } from './upstreams.ts'
import { Watchers } from './watchers.ts'

const lanes = 4
const tasksARound = 4_000
/** After so long something hangs, and it is time to say what. */
const longestRoundMs = 90_000

/** All that is known once the last server has stopped. */
export interface Outcome {
  planned: readonly Planned[]
  deaths: readonly Death[]
  /** What was not on disk while nothing moved. */
  frozen: readonly Death[]
  job: JobView
  rows: readonly TaskView[]
  journals: readonly Journal[]
  samples: Samples
  small: SmallJobs
  /** What did not hold of the small jobs at the end. */
  smallFaults: readonly string[]
  /** How many requests the upstream saw of each task, by Idempotency-Key. */
  requests: ReadonlyMap<string, number>
  /** The jobs of a schedule of every second. */
  scheduled: readonly JobView[]
  /** The most requests of the queue `paced` within two thirds of the time of its rate. */
  fastest: number
  exit: Exit
  /** What was wrong with the file when it was opened once more. */
  fileFaults: readonly string[]
  /** What all the servers wrote to stderr. */
  stderr: string
}

/** The end of a server, or a moment at which it stood still. */
export interface Death {
  moment: Moment
  exit: Exit | undefined
  /** How many tasks each watcher had seen the end of. */
  ended: readonly number[]
  /** What was not on disk of what the world had been told. */
  faults: readonly string[]
}

/** A large job and many small ones, and servers that die at the moments that the seed draws. */
export const play = async (seed: number, kills: number): Promise<Outcome> => {
  using folder = temporaryFolder()
  await using upstreams = await Upstreams.start(folder.path)
  const gate = new Gate()
  const pulse = new Pulse()
  await using lives = new Lives(folder.path, gate)
  await lives.start()

  const rounds = Math.ceil(kills / killsARound)
  const planned = plan(rounds * tasksARound, { plain: upstreams.plain.url, throttling: upstreams.url })
  const spec = {
    name: 'large',
    concurrency: 24,
    retry: { delayMs: 20 },
    tasks: planned.map(({ task }) => task),
  }
  await put(`${lives.url}/queues/paced`, { rate: pace })
  await put(`${lives.url}/queues/call:stumble`, { concurrency: 6 })
  await put(`${lives.url}/schedules/tick`, {
    cron: '* * * * * *',
    job: { tasks: [{ kind: 'sleep', ms: 5 }] },
  })
  const { id } = await submit(lives.url, 'large', spec)
  await using watchers = new Watchers(lives.url, id, () => pulse.beat('end'))
  const samples = new Samples(lives.url, id, gate)
  const small = new SmallJobs(lives.url, gate, pulse)
  const past = new Past()
  const all: Death[] = []

  const describe = () => {
    const faults = [
      ...all.flatMap((death) => death.faults),
      ...watchers.faults,
      ...samples.faults,
      ...small.faults,
    ]
    const progress = [`${all.length} moments`, watchers.describe(), small.describe()].join(', ')
    return [progress, `${faults.length} faults`, ...faults.slice(0, 10), lives.stderr].join('\n')
  }
  using deadline = new Deadline(rounds * longestRoundMs, describe)
  const submitting = Promise.all(Array.from({ length: lanes }, () => small.lane()))
  const trouble = Promise.race([
    deadline.passed,
    watchers.failed,
    samples.goOn(pulse, planned.length),
    unending(submitting),
  ])
  const soon = <T>(promise: Promise<T>) => Promise.race([promise, trouble])

  const judge = async (exit?: Exit): Promise<string[]> =>
    audit(lives.database, folder.file(`moment-${all.length}`), {
      job: id,
      journals: watchers.journals,
      samples,
      acknowledged: small.acknowledged,
      requests: await upstreams.requests(),
      past,
      stopped: exit?.code === 0,
    })
  const dies = new Dying(lives, pulse, () => planned.length - watchers.ended)

  for (const moment of drawMoments(fakeClock(0, seed).random, rounds)) {
    const exit = await soon(dies.at(moment))
    if (exit) await watchers.lost()
    const faults = exit ? await judge(exit) : await lives.frozen(() => judge())
    all.push({ moment, exit, ended: watchers.journals.map(({ ends }) => ends.size), faults })
  }

  await soon(lives.start())
  await soon(watchers.finished)
  small.stop()
  await soon(submitting)
  const job = await readJob(lives.url, id)
  const rows = await readTasks(lives.url, id)
  const scheduled = await readScheduled(lives.url, 'tick')
  await samples.take()
  const smallFaults = await soon(small.verify())
  const requests = await upstreams.requests()
  const fastest = await upstreams.fastest()
  const exit = await soon(lives.end('SIGTERM'))
  const fileFaults = await inspect(lives.database, id)
  return {
    planned,
    deaths: all.filter((death) => death.exit),
    frozen: all.filter((death) => !death.exit),
    job,
    rows,
    journals: watchers.journals,
    samples,
    small,
    smallFaults,
    requests,
    scheduled,
    fastest,
    exit,
    fileFaults,
    stderr: lives.stderr,
  }
}

/** Rejects with the promise, and is never done otherwise. */
const unending = async (promise: Promise<unknown>): Promise<never> => {
  await promise
  return new Promise(() => {})
}
