import { relative } from 'node:path'
import { parseArgs } from 'node:util'
import { conditionsOf } from './conditions.ts'
import { type Measure, type Measurement, sizes } from './measurement.ts'
import { delay } from './measurements/delay.ts'
import { eventLoop } from './measurements/event-loop.ts'
import { fairness } from './measurements/fairness.ts'
import { fastapi } from './measurements/fastapi.ts'
import { growth } from './measurements/growth.ts'
import { guarded } from './measurements/guarded.ts'
import { httpTasks } from './measurements/http-tasks.ts'
import { idle } from './measurements/idle.ts'
import { limits } from './measurements/limits.ts'
import { noOps } from './measurements/no-ops.ts'
import { peers } from './measurements/peers.ts'
import { requests } from './measurements/requests.ts'
import { slowDisk } from './measurements/slow-disk.ts'
import { slowReader } from './measurements/slow-reader.ts'
import { start } from './measurements/start.ts'
import { stream } from './measurements/stream.ts'
import { submit } from './measurements/submit.ts'
import { headline, table, timesOf, write } from './report.ts'
import { end, endInTime } from './rig/cleanup.ts'

/**
 * `bun run bench`: measures Sheaf against the least that the same work can cost on this machine. Everything runs here, in
 * processes of its own, on 127.0.0.1. Ratios can be compared with those of another day or machine; rates cannot.
 *
 *   --quick         few and short runs: about a minute, and rough
 *   --only <name>   one measurement; may be repeated
 */
const measures: readonly Measure[] = [
  noOps,
  peers,
  httpTasks,
  guarded,
  requests,
  submit,
  fastapi,
  delay,
  stream,
  slowReader,
  limits,
  fairness,
  eventLoop,
  slowDisk,
  growth,
  idle,
  start,
]
const longestMs = 20 * 60_000

const main = async (): Promise<void> => {
  const { quick, only } = readArguments()
  endInTime(longestMs)
  const conditions = await conditionsOf(quick)
  console.log(`${headline(conditions)}\n`)
  const measurements: Measurement[] = []
  const took: Record<string, number> = {}
  for (const measure of measures.filter(({ name }) => only.length === 0 || only.includes(name))) {
    if (process.stderr.isTTY) console.error(`… ${measure.name}`)
    const started = performance.now()
    measurements.push(...(await measure.run(quick ? sizes.quick : sizes.whole)))
    took[measure.name] = (performance.now() - started) / 1_000
  }
  const run = { conditions, took, measurements }
  const file = await write(run)
  console.log(`\n${table(measurements)}\n\n${timesOf(run)}`)
  console.log(`Every sample is in ${relative(process.cwd(), file)}`)
}

const readArguments = (): { quick: boolean; only: string[] } => {
  const names = measures.map(({ name }) => name)
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
    },
  })
  const unknown = values.only.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new Error(`Expected --only to be one of ${names.join(', ')}, got ${unknown}`)
  return values
}

main().then(
  () => end(0),
  (error: unknown) => end(1, error instanceof Error ? error.message : String(error)),
)
