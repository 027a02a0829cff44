import { program } from './program.ts'
import type { Start } from './transport.ts'

let url: string | undefined

/** Gives its first result after 5 ms and takes about 2 MB. Shares the fate of the server's process: its memory, and a crash of native code. */
export const startThread: Start = ({ heard, ended }) => {
  url ??= URL.createObjectURL(new Blob([program], { type: 'application/typescript' }))
  // Bun has these two, the browser does not, and the types of the browser win.
  const worker = new Worker(url) as Worker & Pick<Bun.Worker, 'ref' | 'unref'>
  let error: string | undefined
  worker.addEventListener('message', ({ data }) => heard(data))
  worker.addEventListener('error', ({ message }) => {
    error = `failed outside of its function: ${lineOf(message)}`
  })
  worker.addEventListener('close', (event) => ended(error ?? `exited with code ${codeOf(event)}`))
  return {
    send: (order) => worker.postMessage(order),
    hold: (held) => (held ? worker.ref() : worker.unref()),
    kill: () => worker.terminate(),
  }
}

/** Bun's CloseEvent of a worker, which the types take for that of a WebSocket, or for any event. */
const codeOf = (event: Event): unknown => ('code' in event ? event.code : undefined)

/**
 * Comes for what child.ts does not catch: its own faults, and under `bun test` everything. It is a report for a terminal,
 * with lines of the source and a stack, of which one line begins with the name of the error.
 */
const lineOf = (report: string): string => /^\w+: (.*)$/m.exec(report)?.[1] ?? 'unknown'
