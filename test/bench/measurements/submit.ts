import { chunkRows } from '../../../src/http/request/upload.ts'
import type { JobView } from '../../../src/job/wire.ts'
import { type Comparison, compare } from '../compare.ts'
import type { Measure } from '../measurement.ts'
import type { InsertQuestion } from '../processes/bare-insert.ts'
import { newFolder } from '../rig/folder.ts'
import { startSheaf } from '../rig/sheaf.ts'
import { startTool, type Tool } from '../rig/tool.ts'

/** A job of so many HTTP tasks, as it may be sent. */
interface Form {
  name: string
  about: string
  type: string
  write(tasks: number): string
  /** How many tasks Sheaf stores in a transaction. */
  batch(tasks: number): number
  /** What it keeps of each, with `#` for its index. */
  input: string
}

const url = 'https://api.example.com/users/'
/** So that nothing runs meanwhile: of a job that comes in lines, the first would. */
const runAt = new Date(Date.now() + 86_400_000).toISOString()

const forms: readonly Form[] = [
  {
    name: 'submit, JSON each',
    about: 'items in one JSON value, stored in one transaction',
    type: 'application/json',
    write: (tasks) =>
      JSON.stringify({
        runAt,
        each: { items: [...new Array(tasks).keys()], task: { kind: 'http', url: `${url}{{item}}` } },
      }),
    batch: (tasks) => tasks,
    input: '#',
  },
  {
    name: 'submit, NDJSON',
    about: `a task a line, stored ${chunkRows} a transaction`,
    type: 'application/x-ndjson',
    write: (tasks) =>
      Array.from({ length: tasks }, (_, index) => `{"kind":"http","url":"${url}${index}"}\n`).reduce(
        (text, line) => text + line,
        `${JSON.stringify({ runAt })}\n`,
      ),
    batch: () => chunkRows,
    input: JSON.stringify({ url: `${url}#` }),
  },
]

/** Taken in before the clock starts, so that the server is as one that has been up for a while. */
const warmUp = 20_000

/** What it costs to take work in: a large job, from the first byte that is sent to the acknowledgement, when all of it is on disk. */
export const submit: Measure = {
  name: 'submit',
  run: async ({ rounds, submitted: tasks }) => {
    const insert = await startTool<InsertQuestion, number>('bare-insert')
    const comparisons: Comparison[] = []
    // Each run is long: fewer do.
    for (const form of forms) comparisons.push(await measureForm(form, tasks, insert, Math.ceil(rounds / 2)))
    await insert.stop()
    return comparisons
  },
}

const measureForm = (form: Form, tasks: number, insert: Tool<InsertQuestion, number>, rounds: number) => {
  const { name, about, input } = form
  const encoder = new TextEncoder()
  const warm = encoder.encode(form.write(warmUp))
  const body = encoder.encode(form.write(tasks))
  return compare(
    {
      name,
      unit: 'tasks/s',
      about: `${tasks} HTTP tasks, due tomorrow, to a new file; synchronous = FULL`,
      contenders: [
        { name: 'Sheaf', about, run: async () => ({ rate: await rateOf(form, { warm, body, tasks }) }) },
        {
          name: 'bare insert',
          target: 0.5,
          about:
            'the same rows by the same SQL on raw bun:sqlite, as many a transaction, from values known in advance',
          run: async () => {
            const { path, remove } = newFolder()
            const batch = form.batch(tasks)
            const rate = await insert.ask({ file: `${path}/bare.db`, tasks, batch, input })
            await remove()
            return { rate }
          },
        },
      ],
    },
    rounds,
  )
}

interface Bodies {
  warm: Uint8Array<ArrayBuffer>
  body: Uint8Array<ArrayBuffer>
  tasks: number
}

const rateOf = async ({ type }: Form, { warm, body, tasks }: Bodies): Promise<number> => {
  const sheaf = await startSheaf()
  await send(sheaf.url, type, warm)
  const started = performance.now()
  const { counts } = await send(sheaf.url, type, body)
  const seconds = (performance.now() - started) / 1_000
  await sheaf.stop()
  if (counts.queued !== tasks) throw new Error(`Expected ${tasks} tasks to be queued, got ${counts.queued}`)
  return tasks / seconds
}

const send = async (url: string, type: string, body: Uint8Array<ArrayBuffer>): Promise<JobView> => {
  const response = await fetch(`${url}/jobs`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: type === 'application/json' ? body : inPieces(body),
  })
  if (response.status !== 202)
    throw new Error(`Expected 202, got ${response.status}: ${await response.text()}`)
  return (await response.json()) as JobView
}

const pieceBytes = 64 * 1024

/** As one sends lines that are read from a file, or made as they are sent. */
const inPieces = (body: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> => {
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at >= body.length) return controller.close()
      controller.enqueue(body.subarray(at, at + pieceBytes))
      at += pieceBytes
    },
  })
}
