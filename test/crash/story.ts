import type { JobView, TaskView } from '../../src/job/wire.ts'
import { fakeClock } from '../support/clock.ts'
import { temporaryFolder } from '../support/folder.ts'
import { type Exit, UpstreamProcess } from '../support/process.ts'
import { audit, inspect } from './audit.ts'
import { Deadline } from './deadline.ts'
import { Gate } from './gate.ts'
import type { Journal } from './journal.ts'
import { Lives } from './lives.ts'
import { drawMoments, type Moment } from './moments.ts'
import { Pulse } from './pulse.ts'
import { readJob, readTasks, submit } from './rest.ts'
import { Samples } from './samples.ts'
import { SmallJobs } from './small-jobs.ts'
import { type Planned, plan } from './tasks.ts'
import { Watchers } from './watchers.ts'

const taskCount = 2_000
const lanes = 4
/** After so long something hangs, and it is time to say what. */
const longestMs = 55_000

/** All that is known once the last server has stopped. */
export interface Outcome {
  planned: readonly Planned[]
  kills: readonly Kill[]
  job: JobView
  rows: readonly TaskView[]
  journals: readonly Journal[]
  samples: Samples
  small: SmallJobs
  /** What did not hold of the small jobs at the end. */
  smallFaults: readonly string[]
  /** How many requests the upstream saw of each task, by Idempotency-Key. */
  requests: ReadonlyMap<string, number>
  exit: Exit
  /** What was wrong with the file when it was opened once more. */
  fileFaults: readonly string[]
  /** What all the servers wrote to stderr. */
  stderr: string
}

export interface Kill {
  moment: Moment
  exit: Exit
  /** How many tasks each watcher had seen the end of. */
  ended: readonly number[]
  /** What was not on disk of what the world had been told. */
  faults: readonly string[]
}

/** A large job and many small ones, and servers that are killed at the moments that the seed draws. */
export const play = async (seed: number): Promise<Outcome> => {
  using folder = temporaryFolder()
  await using upstream = await UpstreamProcess.start(folder.path)
  const gate = new Gate()
  const pulse = new Pulse()
  await using lives = new Lives(folder.path, gate)
  await lives.start()

  const planned = plan(taskCount, upstream.url)
  const spec = {
    name: 'large',
    concurrency: 24,
    retry: { delayMs: 20 },
    tasks: planned.map(({ task }) => task),
  }
  const { id } = await submit(lives.url, 'large', spec)
  await using watchers = new Watchers(lives.url, id, () => pulse.beat('end'))
  const samples = new Samples(lives.url, id, gate)
  const small = new SmallJobs(lives.url, gate, pulse)
  const kills: Kill[] = []

  const describe = () => {
    const faults = [
      ...kills.flatMap((kill) => kill.faults),
      ...watchers.faults,
      ...samples.faults,
      ...small.faults,
    ]
    const progress = [`${kills.length} kills`, watchers.describe(), small.describe()].join(', ')
    return [progress, `${faults.length} faults`, ...faults.slice(0, 10), lives.stderr].join('\n')
  }
  using deadline = new Deadline(longestMs, describe)
  const submitting = Promise.all(Array.from({ length: lanes }, () => small.lane()))
  const trouble = Promise.race([deadline.passed, watchers.failed, samples.goOn(pulse), unending(submitting)])
  const soon = <T>(promise: Promise<T>) => Promise.race([promise, trouble])

  const reach = async (moment: Moment): Promise<unknown> => {
    const ready = lives.start(() => pulse.beat('knock'))
    // A server that is quicker than that is killed as soon as it is ready.
    if (moment.while === 'starting')
      return Promise.race([ready, pulse.next({ name: 'knock', count: moment.knocks })])
    await ready
    const open = taskCount - watchers.ended
    const ends = { name: 'end', count: Math.max(1, Math.ceil(open * moment.share)) } as const
    return pulse.next(ends, ...(moment.or ? [moment.or] : []))
  }

  for (const moment of drawMoments(fakeClock(0, seed).random)) {
    await soon(reach(moment))
    const exit = await lives.end('SIGKILL')
    await watchers.lost()
    const faults = await audit(lives.database, folder.file(`kill-${kills.length}`), {
      job: id,
      journals: watchers.journals,
      samples,
      acknowledged: small.acknowledged,
      requests: await upstream.requests(),
    })
    kills.push({ moment, exit, ended: watchers.journals.map(({ ends }) => ends.size), faults })
  }

  await soon(lives.start())
  await soon(watchers.finished)
  small.stop()
  await soon(submitting)
  const job = await readJob(lives.url, id)
  const rows = await readTasks(lives.url, id)
  await samples.take()
  const smallFaults = await soon(small.verify())
  const requests = await upstream.requests()
  const exit = await soon(lives.end('SIGTERM'))
  const fileFaults = await inspect(lives.database, id)
  const { journals } = watchers
  const { stderr } = lives
  return {
    planned,
    kills,
    job,
    rows,
    journals,
    samples,
    small,
    smallFaults,
    requests,
    exit,
    fileFaults,
    stderr,
  }
}

/** Rejects with the promise, and is never done otherwise. */
const unending = async (promise: Promise<unknown>): Promise<never> => {
  await promise
  return new Promise(() => {})
}
