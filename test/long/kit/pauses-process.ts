/**
 * Asks a server how it is every few milliseconds, over one connection, until it is told to end: `bun pauses-process.ts <url>
 * <pid>`. Then it prints how long each answer took, as JSON. A process of its own, as it would else measure the pauses of whoever asks.
 */
import { readFileSync } from 'node:fs'
import type { Samples } from './pauses.ts'

const everyMs = 5

const [url, pid] = process.argv.slice(2)
if (url === undefined || pid === undefined) throw new Error('Say URL and process id')

const { hostname, port, host } = new URL(url)
let answered = () => {}
let ended = false
const socket = await Bun.connect({
  hostname,
  port: Number(port),
  socket: {
    data: (_, data) => {
      if (!data.toString().startsWith('HTTP/1.1 200 ')) throw new Error(`Expected 200, got ${data}`)
      answered()
    },
    close: () => {
      if (!ended) throw new Error('The server closed the connection')
    },
  },
})

/** How long a thread was able to run and had no processor to run on, in milliseconds (see sched-stats of the Linux kernel). */
const waited = (thread: string): number => {
  try {
    return Number(readFileSync(`/proc/${thread}/schedstat`, 'utf8').split(' ')[1]) / 1e6
  } catch {
    return 0
  }
}
const waitedBoth = () => waited(`${pid}/task/${pid}`) + waited('thread-self')

const samples: Samples = { at: [], all: [], own: [] }
process.on('SIGTERM', () => {
  ended = true
})
console.log('asking')
while (!ended) {
  await Bun.sleep(everyMs)
  const waitedBefore = waitedBoth()
  const sent = performance.now()
  samples.at.push(Date.now())
  const answer = new Promise<void>((resolve) => {
    answered = resolve
  })
  socket.write(`GET /livez HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  await answer
  const took = performance.now() - sent
  samples.all.push(took)
  samples.own.push(Math.max(0, took - (waitedBoth() - waitedBefore)))
}
socket.end()
console.log(JSON.stringify(samples))
