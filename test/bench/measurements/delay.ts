import type { Delays, Measure } from '../measurement.ts'
import type { PublisherQuestion } from '../processes/bare-publisher.ts'
import type { Stamp } from '../processes/watched-sheaf.ts'
import { submit } from '../rig/sheaf.ts'
import { follow } from '../rig/subscriber.ts'
import { startTool, type Tool } from '../rig/tool.ts'
import { startWatched, type Watched } from '../rig/watched.ts'
import { quantile, spreadOf } from '../statistics.ts'

interface Load {
  /** Tasks a second, about: as many as run at once, each for a random time around `sleepMs`, make a steady stream of ends. */
  rate: number
  concurrency: number
}

const loads: readonly Load[] = [
  { rate: 2_000, concurrency: 100 },
  { rate: 10_000, concurrency: 500 },
]

/** Ends that come before the load is steady, as a share of all. */
const warmUp = 0.1

interface Run {
  rate: number
  /** What came: messages, and their bytes on average. */
  messages: number
  bytes: number
  p50Ms: number
  p99Ms: number
  mostMs: number
}

type Publisher = Tool<PublisherQuestion, string>
type Bare = Pick<Run, 'p50Ms' | 'p99Ms' | 'mostMs'>

/** What Sheaf may take over what a bare socket does. */
const allowedMs = 10

/** How long after it is on disk the end of a task is known to a subscriber in another process. */
export const delay: Measure = {
  name: 'delay',
  run: async ({ rounds, steadyMs }) => {
    const watched = await startWatched({ concurrency: 1_000 })
    const publisher: Publisher = await startTool('bare-publisher')
    const bareUrl = await publisher.ask({ type: 'start' })
    const runs = loads.map((): Run[] => [])
    const bare = loads.map((): Bare[] => [])
    // Each run is long: fewer do.
    for (let round = 0; round < Math.ceil(rounds / 2); round++)
      for (const [i, load] of loads.entries()) {
        const run = await measureRun(watched, load, steadyMs)
        runs[i]?.push(run)
        bare[i]?.push(await measureBare(publisher, bareUrl, run, steadyMs))
      }
    await Promise.all([watched.stop(), publisher.stop()])
    return [summaryOf(runs, bare)]
  },
}

export const measureRun = async (
  { url, tool }: Watched,
  { rate, concurrency }: Load,
  forMs: number,
): Promise<Run> => {
  const meanMs = (concurrency / rate) * 1_000
  const tasks = Math.ceil((rate * forMs) / 1_000)
  const ms = (): number => Math.round(meanMs * (0.5 + Math.random()))
  const spec = { concurrency, tasks: Array.from({ length: tasks }, () => ({ kind: 'sleep', ms: ms() })) }

  const { id } = await submit({ url }, spec)
  const seqs: number[] = []
  const arrivals: number[] = []
  let messages = 0
  let bytes = 0
  await follow(url, id, (events, at, length) => {
    messages += 1
    bytes += length
    for (const { state, seq } of events) {
      if (state !== 'succeeded') continue
      seqs.push(seq)
      arrivals.push(at)
    }
  })
  const { stamps } = await tool.ask({ type: 'stamps', job: id })
  const skipped = Math.floor(seqs.length * warmUp)
  const commits = commitsOf(seqs, stamps)
  const delays = arrivals.map((at, i) => at - (commits[i] ?? Number.NaN)).slice(skipped)
  const seconds = ((arrivals.at(-1) ?? 0) - (arrivals[skipped] ?? 0)) / 1_000
  return {
    rate: delays.length / seconds,
    messages,
    bytes: Math.round(bytes / messages),
    p50Ms: quantile(delays, 0.5),
    p99Ms: quantile(delays, 0.99),
    mostMs: quantile(delays, 1),
  }
}

/** How long the same number of messages of the same length take over a socket of a server that does nothing else. */
const measureBare = async (
  publisher: Publisher,
  url: string,
  { messages, bytes }: Run,
  forMs: number,
): Promise<Bare> => {
  const socket = new WebSocket(url.replace('http', 'ws'))
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = reject
  })
  const delays: number[] = []
  const all = new Promise<void>((resolve) => {
    socket.onmessage = ({ data }) => {
      delays.push(performance.timeOrigin + performance.now() - Number.parseFloat(data))
      if (delays.length === messages) resolve()
    }
  })
  await publisher.ask({ type: 'beat', bytes, everyMs: forMs / messages, count: messages })
  await all
  socket.close()
  return { p50Ms: quantile(delays, 0.5), p99Ms: quantile(delays, 0.99), mostMs: quantile(delays, 1) }
}

/** When each change was on disk: both lists rise, so one walk joins them. */
const commitsOf = (seqs: readonly number[], stamps: readonly Stamp[]): number[] => {
  let i = 0
  return seqs.map((seq) => {
    while ((stamps[i]?.[0] ?? Number.POSITIVE_INFINITY) < seq) i += 1
    return stamps[i]?.[1] ?? Number.NaN
  })
}

const summaryOf = (runs: readonly Run[][], bare: readonly Bare[][]): Delays => ({
  type: 'delays',
  name: 'commit to subscriber',
  about:
    'from the commit of a task’s end to its arrival at a WebSocket client in another process; synchronous = FULL',
  loads: loads.flatMap(({ rate, concurrency }, i) => {
    const own = runs[i] ?? []
    const theirs = spreadsOf(bare[i] ?? [])
    return [
      {
        name: `${rate} tasks/s, ${concurrency} at once`,
        rate: spreadOf(own.map((run) => run.rate)),
        ...spreadsOf(own),
        targetP99Ms: theirs.p99Ms.median + allowedMs,
      },
      { name: '  the same messages over a bare socket', ...theirs },
    ]
  }),
})

const spreadsOf = (runs: readonly Bare[]) => {
  const of = (pick: (run: Bare) => number) => spreadOf(runs.map(pick))
  return { p50Ms: of((run) => run.p50Ms), p99Ms: of((run) => run.p99Ms), mostMs: of((run) => run.mostMs) }
}
