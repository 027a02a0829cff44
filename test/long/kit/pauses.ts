import { join } from 'node:path'
import { percentile } from '../../support/livez.ts'
import { ChildProcess, type ServerProcess } from '../../support/process.ts'

/** How long answers took, in milliseconds. */
export interface Samples {
  /** When each was asked for, since the epoch. */
  at: number[]
  all: number[]
  /** Without the time in which the server, or who asks, waited for a processor that others used. */
  own: number[]
}

export interface Quantiles {
  p50: number
  p99: number
  max: number
}

export interface Pauses {
  samples: number
  /** What a client felt. */
  all: Quantiles
  /** What the server itself is to blame for. */
  own: Quantiles
}

/** How long a server lets others wait while something else goes on. */
export const pausesDuring = async (server: ServerProcess, work: () => Promise<void>): Promise<Pauses> => {
  const script = join(import.meta.dir, 'pauses-process.ts')
  await using asking = new ChildProcess(
    [process.execPath, script, server.url, String(server.pid)],
    import.meta.dir,
  )
  await asking.stdout.line(/^asking/)
  await work()
  await asking.kill('SIGTERM')
  const { all, own }: Samples = JSON.parse(await asking.stdout.line(/^\{/))
  return { samples: all.length, all: quantilesOf(all), own: quantilesOf(own) }
}

const quantilesOf = (values: readonly number[]): Quantiles => {
  const sorted = values.toSorted((one, other) => one - other)
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), max: percentile(sorted, 1) }
}

export const inWords = ({ samples, all, own }: Pauses): string => {
  const words = ({ p50, p99, max }: Quantiles) =>
    `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${max.toFixed(1)} ms`
  return `${samples} answers: ${words(all)}; without waits for a processor: ${words(own)}`
}
