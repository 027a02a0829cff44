/**
 * What the guard costs: `bun test/kinds/egress/bench.ts [requests]`. Sends so many GET requests, 64 at once, to an upstream
 * in a process of its own, once by the plain fetch and once for each way through the guard. They take turns every 1,000
 * requests, so that a machine with other things to do hits them all alike. Prints the rates and the processor time.
 */
import { parseAllow } from '../../../src/kinds/egress/allow.ts'
import { createEgress } from '../../../src/kinds/egress/egress.ts'
import { requestOf } from '../../../src/kinds/http/request.ts'

const requests = Number(process.argv[2] ?? 50_000)
const slice = 1_000
const lanes = 64

const upstream = Bun.spawn(
  [process.execPath, new URL('../../support/upstream-process.ts', import.meta.url).pathname],
  { env: { ...process.env, PORT: '0' }, stdout: 'pipe' },
)
const { value } = await upstream.stdout.getReader().read()
const { port } = new URL(new TextDecoder().decode(value).trim())

const egress = createEgress({
  allow: parseAllow('127.0.0.0/8,localhost,*.example') ?? [],
  resolve: async () => ['127.0.0.1'],
})

type Send = (url: string, init: BunFetchRequestInit) => Promise<Response>
interface Variant {
  name: string
  send: Send
  base: string
  tookMs: number[]
  cpuUs: number[]
}
const variant = (name: string, send: Send, host: string): Variant => {
  return { name, send, base: `http://${host}:${port}`, tookMs: [], cpuUs: [] }
}
const plain = variant('fetch, address', fetch, '127.0.0.1')
const variants = [
  plain,
  variant('guard, address', egress.fetch, '127.0.0.1'),
  variant('fetch, localhost', fetch, 'localhost'),
  variant('guard, localhost', egress.fetch, 'localhost'),
  variant('guard, name', egress.fetch, 'api.example'),
]
const { signal } = new AbortController()

const run = async ({ send, base, tookMs, cpuUs }: Variant) => {
  const since = performance.now()
  const before = process.cpuUsage()
  let next = 0
  const lane = async () => {
    while (next < slice) {
      const id = next++
      const response = await send(`${base}/users/${id}`, requestOf({ url: base }, `job-${id}`, signal))
      await response.text()
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  const { user, system } = process.cpuUsage(before)
  tookMs.push((performance.now() - since) / slice)
  cpuUs.push((user + system) / slice)
}

const shuffled = <T>(values: readonly T[]) =>
  values
    .map((value) => ({ value, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ value }) => value)
const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
const percent = (ratio: number) => `${((ratio - 1) * 100).toFixed(1)} %`.padStart(8)

for (const each of variants) for (let warm = 0; warm < 5; warm += 1) await run(each)
for (const each of variants) Object.assign(each, { tookMs: [], cpuUs: [] })
for (let done = 0; done < requests; done += slice) {
  // In another order each time: what runs after another pays for the rubbish that one left.
  for (const each of shuffled(variants)) await run(each)
}
upstream.kill()

console.log(
  `${requests} requests each, ${lanes} at once: medians of ${requests / slice} slices; against the plain fetch`,
)
for (const { name, tookMs, cpuUs } of variants) {
  const rate = String(Math.round(1_000 / median(tookMs))).padStart(7)
  const slower = percent(median(tookMs.map((ms, at) => ms / (plain.tookMs[at] ?? Number.NaN))))
  const cpu = `${median(cpuUs).toFixed(1).padStart(6)} µs CPU ${percent(median(cpuUs) / median(plain.cpuUs))}`
  console.log(`${name.padEnd(18)} ${rate}/s  ${slower} time  ${cpu}`)
}
