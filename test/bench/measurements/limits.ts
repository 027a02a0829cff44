import { shareOf } from '../../limits/arrivals.ts'
import type { Arrival } from '../../support/limited-upstream.ts'
import type { Measure, Uses } from '../measurement.ts'
import { type Sheaf, startSheaf, submit, untilEnded } from '../rig/sheaf.ts'
import { startTool } from '../rig/tool.ts'

const allowed = { limit: 50, perMs: 1_000 }
const answerMs = 20

const upstreams = [
  { route: 'policy', name: 'RateLimit-Policy and RateLimit, in any second', isHeld: true },
  { route: 'rest', name: 'X-RateLimit-*, in each second of its clock', isHeld: true },
  { route: 'terse', name: '429 with Retry-After and nothing else', isHeld: false },
] as const

/** What is made use of the limit of an upstream, which nobody told Sheaf of; the three at the same time, as each of them takes long. */
export const limits: Measure = {
  name: 'limits',
  run: async ({ limited: tasks }) => {
    const upstream = await startTool<null, string>('limited-upstream')
    const sheaf = await startSheaf()
    const url = await upstream.ask(null)
    const uses: Uses = {
      type: 'uses',
      name: 'Limits of an upstream',
      about: `${tasks} GETs of one that allows ${allowed.limit} a second, and answers 429 beyond; refused after the first second`,
      target: { leastShare: 0.95, mostRefused: 0.01 },
      upstreams: await Promise.all(
        upstreams.map(async ({ route, ...about }) => ({
          ...about,
          ...(await use(sheaf, url, route, tasks)),
        })),
      ),
    }
    await Promise.all([sheaf.stop(), upstream.stop()])
    return [uses]
  },
}

const use = async (sheaf: Sheaf, url: string, route: string, tasks: number) => {
  const task = { kind: 'http', url: `${url}/${route}/${route}/${allowed.limit}/${answerMs}`, queue: route }
  const { id } = await submit(sheaf, { tasks: new Array(tasks).fill(task) })
  const { counts } = await untilEnded(sheaf, id)
  if (counts.succeeded !== tasks) throw new Error(`Expected ${tasks} successes, got ${counts.succeeded}`)
  const arrivals: Arrival[] = await (await fetch(`${url}/_arrivals/${route}`)).json()
  const [{ at: first } = { at: Number.NaN }] = arrivals
  const later = arrivals.filter(({ at }) => at >= first + 1_000)
  const share = shareOf(
    arrivals.filter(({ status }) => status === 200).map(({ at }) => at),
    allowed,
  )
  return {
    rate: (share * allowed.limit * 1_000) / allowed.perMs,
    share,
    refused: later.filter(({ status }) => status === 429).length / later.length,
  }
}
