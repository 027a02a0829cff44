import { join } from 'node:path'
import { type Comparison, type Contender, compare, type Sample } from '../compare.ts'
import type { Measure } from '../measurement.ts'
import type { PublisherQuestion } from '../processes/bare-publisher.ts'
import type { ReadersAnswer, ReadersQuestion } from '../processes/readers.ts'
import type { ReplayAnswer, ReplayQuestion } from '../processes/replayed-hub.ts'
import { newFolder } from '../rig/folder.ts'
import { add, type Sheaf, startSheaf, submit } from '../rig/sheaf.ts'
import { startTool, type Tool } from '../rig/tool.ts'

/** As many as Sheaf runs at once, and so settles in a commit, unless it is told otherwise. */
const batch = 256
const crowds = [1, 100, 1_000] as const

type Readers = Tool<ReadersQuestion, ReadersAnswer>
type Publisher = Tool<PublisherQuestion, string>

interface Stage {
  sheaf: Sheaf
  readers: Readers
  publisher: Publisher
  hub: Tool<ReplayQuestion, ReplayAnswer>
  publisherUrl: string
  folder: string
}

/** How fast many subscribers are told what happens to one job, beside what it costs to tell them anything. */
export const stream: Measure = {
  name: 'stream',
  run: async ({ rounds, streamed }) => {
    const { path, remove } = newFolder()
    const [sheaf, publisher, readers, hub] = await Promise.all([
      startSheaf(),
      startTool<PublisherQuestion, string>('bare-publisher'),
      startTool<ReadersQuestion, ReadersAnswer>('readers'),
      startTool<ReplayQuestion, ReplayAnswer>('replayed-hub'),
    ])
    const stage: Stage = {
      sheaf,
      readers,
      hub,
      publisher,
      publisherUrl: await publisher.ask({ type: 'start' }),
      folder: path,
    }
    const comparisons: Comparison[] = []
    // Each run is long: fewer do.
    const few = Math.ceil(rounds / 2)
    for (const sockets of crowds) {
      // The fewer there are, the more it takes for a run that can be timed.
      const tasks = Math.ceil(streamed / Math.max(10, sockets))
      comparisons.push(...(await measureCrowd(stage, sockets, tasks, few)))
    }
    await Promise.all([sheaf, readers, publisher, hub].map((part) => part.stop()))
    await remove()
    return comparisons
  },
}

/** As large as what an API answers, and as small as can be. */
const outputs = {
  'an output of 200 bytes': JSON.stringify({ status: 200, headers: {}, body: { text: 'x'.repeat(153) } }),
  'no output': 'null',
}

const measureCrowd = async (
  stage: Stage,
  sockets: number,
  tasks: number,
  rounds: number,
): Promise<Comparison[]> => {
  const crowd = `${sockets} subscriber${sockets === 1 ? '' : 's'} of a job of ${tasks} tasks`
  const whole: Contender = {
    name: 'Sheaf as a whole',
    about: 'a job that is run and kept meanwhile, synchronous = FULL',
    run: () => wholeRun(stage, sockets, tasks),
  }
  const comparisons: Comparison[] = []
  for (const [name, output] of Object.entries(outputs)) {
    const file = join(stage.folder, `${sockets}-${output.length}.json`)
    const { url, job } = await stage.hub.ask({ type: 'start', tasks, batch, output, file })
    const told: Contender = {
      name: 'Sheaf after the commit',
      about: 'what was committed, told again: from the hub on, with the writing of messages',
      run: () =>
        timed(stage.readers, { url: `${url}events`, sockets, job }, () => stage.hub.ask({ type: 'replay' })),
    }
    const [bare, writing] = publishers(stage, sockets, file)
    const plan = { unit: 'MB/s', about: `${crowd}, each with ${name}` }
    comparisons.push(await compare({ ...plan, name: 'telling', contenders: [told, bare, writing] }, rounds))
    if (output === 'null')
      comparisons.push(
        await compare(
          { ...plan, name: 'running and telling', contenders: [whole, { ...bare, target: undefined }] },
          rounds,
        ),
      )
  }
  return comparisons
}

const publishers = (stage: Stage, sockets: number, file: string): [Contender, Contender] => {
  const publishing = (written: boolean) => () =>
    timed(stage.readers, { url: stage.publisherUrl, sockets }, () =>
      stage.publisher.ask({ type: 'publish', file, written }),
    )
  return [
    {
      name: 'server.publish',
      target: 0.5,
      about: 'the same messages, written before, to sockets of a server that does nothing else',
      run: publishing(true),
    },
    {
      name: 'JSON.stringify and publish',
      about: 'the same messages, each written by JSON.stringify when it is published',
      run: publishing(false),
    },
  ]
}

const wholeRun = async ({ sheaf, readers }: Stage, sockets: number, tasks: number): Promise<Sample> => {
  const { id } = await submit(sheaf, { sealed: false, tasks: [] })
  const spec = { tasks: new Array(tasks).fill({ kind: 'sleep', ms: 0 }), seal: true }
  return timed(readers, { url: `${sheaf.url}/events`, sockets, job: id }, () => add(sheaf, id, spec))
}

/** From the moment it begins until the last subscriber has everything. */
const timed = async (
  readers: Readers,
  who: { url: string; sockets: number; job?: string },
  begin: () => Promise<unknown>,
): Promise<Sample> => {
  await readers.ask({ type: 'open', ...who })
  const started = performance.timeOrigin + performance.now()
  const [{ bytes, events, at }] = await Promise.all([readers.ask({ type: 'result' }), begin()])
  const seconds = (at - started) / 1_000
  return { rate: bytes / 1e6 / seconds, eventsPerSecond: events / seconds, bytes, seconds }
}
