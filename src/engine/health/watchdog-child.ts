/**
 * The program of the thread that looks on; see watchdog.ts, which hands it over as text. So it must stand alone: it can import what
 * is built in, and nothing of ours, and nobody imports it as a module.
 */
import { writeSync } from 'node:fs'

interface Start {
  /** The time of the server, as of the last turn of its event loop that it had time for this. */
  beat: Float64Array
  turn: Int32Array
  names: string[]
  json: boolean
}

const lookMs = 250
/** After how long the first line is written; each further one after twice as long as the one before. */
const firstMs = 2_000

/** Of this process: the server's clock is out of reach. */
const elapsed = () => process.uptime() * 1_000

const look = ({ beat, turn, names, json }: Start): void => {
  let seen = 0
  let since = elapsed()
  let nextMs = firstMs
  setInterval(() => {
    const ms = Math.round(elapsed() - since)
    const [last = 0] = beat
    if (last !== seen) {
      seen = last
      since = elapsed()
      nextMs = firstMs
    } else if (ms >= nextMs) {
      nextMs = 2 * ms
      const handler = names[(turn[0] ?? 0) - 1]
      tell(new Date(last + ms).toISOString(), { ms, ...(handler !== undefined && { handler }) }, json)
    }
  }, lookMs)
}

/** As log.ts does; past the event loop, which does not turn. */
const tell = (at: string, fields: Record<string, unknown>, json: boolean): void => {
  const message = 'The event loop is blocked'
  const parts = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  const line = json
    ? JSON.stringify({ at, level: 'warn', message, ...fields })
    : [at.slice(11, 23), 'warn ', message, ...parts].join(' ')
  writeSync(2, `${line}\n`)
}

self.addEventListener('message', ({ data }: MessageEvent<Start>) => look(data))
