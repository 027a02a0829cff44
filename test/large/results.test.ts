import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { holdingsOf } from '../long/kit/proc.ts'
import { temporaryFolder } from '../support/folder.ts'
import { ChildProcess, freePort, ServerProcess } from '../support/process.ts'

/** `SHEAF_LARGE_TASKS=1000000` is the long mode. */
const tasks = Number(process.env.SHEAF_LARGE_TASKS ?? 20_000)
const megabyte = 1024 * 1024
/** 64 MB for the pages that SQLite keeps, the rest for what the collector has not collected. */
const mostGrowth = 280 * megabyte

const forms = {
  json: { accept: 'application/json', each: '"index":' },
  ndjson: { accept: 'application/x-ndjson', each: '\n' },
  csv: { accept: 'text/csv', each: '\r\n' },
}
const orders = ['', '?order=input', '?order=completion']

interface Got {
  count: number
  bytes: number
  /** The highest while it was read. */
  rss: number
  tookMs: number
}

/** Reads an answer to its end, keeps nothing, and looks at the server meanwhile. */
const read = async (
  server: ServerProcess,
  path: string,
  { accept, each }: (typeof forms)['json'],
): Promise<Got> => {
  const since = performance.now()
  const got = { count: 0, bytes: 0, rss: holdingsOf(server.pid).rss }
  const response = await fetch(server.url + path, { headers: { accept } })
  expect(response.status).toBe(200)
  if (response.body === null) throw new Error('Expected a body')
  const decoder = new TextDecoder()
  let tail = ''
  for await (const chunk of response.body) {
    const text = tail + decoder.decode(chunk, { stream: true })
    const pieces = text.split(each)
    got.count += pieces.length - 1
    // What may be the first half of the next one.
    tail = (pieces.at(-1) ?? '').slice(1 - each.length || undefined)
    got.bytes += chunk.length
    got.rss = Math.max(got.rss, holdingsOf(server.pid).rss)
  }
  return { ...got, tookMs: performance.now() - since }
}

describe(`the results of ${tasks} tasks`, () => {
  let folder: ReturnType<typeof temporaryFolder>
  let server: ServerProcess
  let ended: string
  let waiting: string
  let rss: number

  beforeAll(async () => {
    folder = temporaryFolder()
    const script = join(import.meta.dir, 'fill-results.ts')
    await using fill = new ChildProcess(
      [process.execPath, script, folder.file('sheaf.db'), String(tasks)],
      folder.path,
    )
    await fill.ended
    ;[ended = '', waiting = ''] = fill.stdout.lines
    server = await new ServerProcess(folder.path, freePort(), { SHEAF_DURABILITY: 'normal' }).ready()
    rss = holdingsOf(server.pid).rss
  }, 300_000)

  afterAll(async () => {
    await server.kill('SIGKILL')
    folder[Symbol.dispose]()
  })

  const report = (what: string, { count, bytes, rss: highest, tookMs }: Got) =>
    console.log(
      `${what}: ${Math.round(count / (tookMs / 1_000))} results/s, ${Math.round(bytes / megabyte)} MB, ${Math.round((highest - rss) / megabyte)} MB more memory at its peak`,
    )

  test('come as they end while the job runs, at no cost of memory', async () => {
    const got = await read(server, `/jobs/${waiting}/results?order=completion`, forms.ndjson)
    report('as they end, ndjson', got)
    expect(got.count).toBe(tasks)
    expect(got.rss - rss).toBeLessThan(mostGrowth)
  }, 600_000)

  const cases = orders.flatMap((order) =>
    Object.entries(forms).map(([name, form]) => [order || 'no order', name, order, form] as const),
  )
  test.each(cases)(
    'are all there, at no cost of memory (%s, %s)',
    async (label, name, order, form) => {
      const got = await read(server, `/jobs/${ended}/results${order}`, form)
      report(`${label}, ${name}`, got)
      expect(got.count).toBe(tasks + (name === 'csv' ? 1 : 0))
      expect(got.rss - rss).toBeLessThan(mostGrowth)
    },
    600_000,
  )
})
