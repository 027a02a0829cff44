import { mean } from './level.ts'
import type { HeapSample, Sample } from './sampler.ts'

const rows = 12
const megabyte = 1024 * 1024

/** A table of a dozen stretches of time, each with the means of its samples. */
export const tableOf = (samples: readonly Sample[]): string => {
  const size = Math.max(1, Math.ceil(samples.length / rows))
  const stretches = Array.from({ length: Math.ceil(samples.length / size) }, (_, i) =>
    samples.slice(i * size, (i + 1) * size),
  )
  const lines = stretches.map((stretch) => {
    const of = (field: keyof Sample, unit = 1) =>
      (mean(stretch.map((sample) => sample[field])) / unit).toFixed()
    return [
      stretch.at(-1)?.at.toFixed() ?? '',
      of('rss', megabyte),
      of('files'),
      of('threads'),
      of('file', megabyte),
      of('log', megabyte),
      of('rate'),
    ]
  })
  return aligned([['s', 'RSS MB', 'fds', 'threads', 'file MB', 'log MB', 'tasks/s'], ...lines])
}

export const heapTableOf = (heaps: readonly HeapSample[]): string => {
  const size = Math.max(1, Math.ceil(heaps.length / rows))
  const shown = heaps.filter((_, i) => i % size === size - 1 || i === heaps.length - 1)
  const lines = shown.map(({ at, heap, objects, timers }) => [
    at.toFixed(),
    (heap / megabyte).toFixed(1),
    String(objects),
    String(timers),
  ])
  return aligned([['s', 'heap MB', 'objects', 'timers'], ...lines])
}

const aligned = (lines: readonly string[][]): string =>
  lines.map((line) => line.map((cell) => cell.padStart(9)).join('')).join('\n')
