import type { TaskView } from '../../../src/job/wire.ts'
import type { Arrival } from '../../support/limited-upstream.ts'
import { type Comparison, compare, type Sample } from '../compare.ts'
import type { Delays, Measure } from '../measurement.ts'
import { limit, type Sheaf, startSheaf, submit, untilEnded } from '../rig/sheaf.ts'
import { startTool } from '../rig/tool.ts'
import { quantile } from '../statistics.ts'

/** What large jobs and closed queues cost others. */
export const fairness: Measure = {
  name: 'fairness',
  run: async ({ rounds, crowd }) => [await startDelays(crowd), await claimsBehind(crowd, rounds)],
}

/** Small jobs that are submitted one after another: more do not fit the time that the large one takes. */
const small = 30

/** How long it takes a small job to start beside a large one: from before it is submitted until its last request is there. */
const startDelays = async (crowd: number): Promise<Delays> => {
  const upstream = await startTool<null, string>('limited-upstream')
  const url = await upstream.ask(null)
  const sheaf = await startSheaf()
  await measureStarts(sheaf, url, 'warm-up')
  const idle = await measureStarts(sheaf, url, 'idle')
  // Written short, as it would not fit a request otherwise.
  const large = await submit(sheaf, {
    each: { items: new Array(crowd).fill(0), task: { kind: 'sleep', ms: 0 } },
  })
  const beside = await measureStarts(sheaf, url, 'beside', () => isRunning(sheaf, large.id))
  await Promise.all([sheaf.stop(), upstream.stop()])
  return {
    type: 'delays',
    name: 'start of a small job',
    about:
      'from before a job of 10 GETs is submitted until the last of them is at an upstream in another process',
    loads: [
      loadOf('on an idle server', idle),
      {
        ...loadOf(`beside a job of ${crowd} no-ops that runs`, beside),
        targetMs: 2 * quantile(idle, 0.5) + 50,
      },
    ],
  }
}

const loadOf = (name: string, delays: readonly number[]): Delays['loads'][number] => {
  const one = (value: number) => ({ median: value, least: value, most: value })
  return {
    name: `${name}, ${delays.length} of them`,
    p50Ms: one(quantile(delays, 0.5)),
    p99Ms: one(quantile(delays, 0.99)),
    mostMs: one(quantile(delays, 1)),
  }
}

const measureStarts = async (
  sheaf: Sheaf,
  url: string,
  name: string,
  goesOn = async () => true,
): Promise<number[]> => {
  const delays: number[] = []
  for (let i = 0; i < small && (await goesOn()); i++) {
    const tasks = new Array(10).fill({ kind: 'http', url: `${url}/any/${name}-${i}/0/0`, queue: name })
    const submittedAt = Date.now()
    const { id } = await submit(sheaf, { tasks })
    const arrivals: Arrival[] = await (await fetch(`${url}/_arrivals/${name}-${i}?count=10`)).json()
    delays.push(Math.max(...arrivals.map(({ at }) => at)) - submittedAt)
    await untilEnded(sheaf, id, 5)
  }
  return delays
}

const isRunning = async ({ url }: Sheaf, id: string): Promise<boolean> => {
  const { state } = await (await fetch(`${url}/jobs/${id}`)).json()
  return state === 'running'
}

/** What it costs that most of a job cannot start, and comes first: claims of what is behind it, against a job without. */
const claimsBehind = async (crowd: number, rounds: number): Promise<Comparison> => {
  const sheaf = await startSheaf()
  // A lot for each run, and for the one that warms up; the crowd is the rest.
  const size = Math.max(5_000, crowd / 50)
  const count = rounds + 1
  const after = await submitLots(sheaf, { name: 'after', crowd: crowd - count * size, size, count })
  const alone = await submitLots(sheaf, { name: 'the same alone', crowd: 0, size, count })
  const comparison = await compare(
    {
      name: 'no-ops behind a closed queue',
      unit: 'tasks/s',
      about: `${size} tasks of a job, from when their queue is resumed to the end of the last`,
      contenders: [
        {
          name: 'behind',
          about: `after ${after.crowd} tasks of a paused queue in the same job`,
          run: () => runLot(sheaf, after),
        },
        {
          name: 'the same alone',
          target: 0.9,
          about: 'nothing comes first',
          run: () => runLot(sheaf, alone),
        },
      ],
    },
    rounds,
  )
  await sheaf.stop()
  return comparison
}

/** A job whose tasks wait in paused queues: a crowd first, then lots of that size, of which each run takes the next. */
interface Lots {
  name: string
  crowd: number
  size: number
  count: number
}

interface Submitted extends Lots {
  id: string
  next: number
}

const submitLots = async (sheaf: Sheaf, lots: Lots): Promise<Submitted> => {
  const { name, crowd, size, count } = lots
  await limit(sheaf, `${name}-*`, { paused: true })
  const items = [
    ...new Array<string>(crowd).fill('crowd'),
    ...Array.from({ length: count * size }, (_, i) => String(Math.floor(i / size))),
  ]
  const task = { kind: 'sleep', ms: 0, queue: `${name}-{{item}}` }
  const { id } = await submit(sheaf, { each: { items, task } })
  return { ...lots, id, next: 0 }
}

const runLot = async (sheaf: Sheaf, lots: Submitted): Promise<Sample> => {
  const { id, name, crowd, size } = lots
  const lot = lots.next++
  const first = crowd + lot * size
  await limit(sheaf, `${name}-${lot}`, { paused: false })
  while ((await readLeft(sheaf, `${name}-${lot}`)) > 0) await Bun.sleep(50)
  const { startedAt } = await untilTaskEnded(sheaf, id, first)
  const { finishedAt } = await untilTaskEnded(sheaf, id, first + size - 1)
  return { rate: size / ((Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '')) / 1_000) }
}

const readLeft = async ({ url }: Sheaf, queue: string): Promise<number> => {
  const { queued, running } = await (await fetch(`${url}/queues/${queue}`)).json()
  return queued + running
}

const untilTaskEnded = async ({ url }: Sheaf, id: string, index: number): Promise<TaskView> => {
  for (;;) {
    const task: TaskView = await (await fetch(`${url}/jobs/${id}/tasks/${index}`)).json()
    if (task.state === 'succeeded') return task
    await Bun.sleep(10)
  }
}
