import { frameOf, isPing, openRaw, pong, textsIn } from '../rig/raw-socket.ts'
import { serveTool } from '../rig/tool.ts'

export type ReadersQuestion =
  /** Answers when every socket is open, and has been told how the job stands, if it is to follow one. */
  | { type: 'open'; url: string; sockets: number; job?: string }
  /** Answers when every socket was told the end of the job. */
  | { type: 'result' }

export interface ReadersAnswer {
  /** What all of them received since they were open. */
  bytes: number
  /** Changes of tasks among it. */
  events: number
  /** When the last of them had everything, in milliseconds since the epoch. */
  at: number
}

/** Many who follow a job. The first keeps what it is sent, to be looked at; the others count it, and look for the end. */
let whole: Buffer[] = []
let bytes = 0
let sockets: Bun.Socket[] = []
let ended = Promise.withResolvers<number>()

const open = async ({ url, sockets: count, job }: Extract<ReadersQuestion, { type: 'open' }>) => {
  for (const socket of sockets) socket.terminate()
  whole = []
  ended = Promise.withResolvers()
  let told = 0
  let open = count
  const { promise: all, resolve } = Promise.withResolvers<void>()
  const read = (nth: number) => {
    let isTold = job === undefined
    return (chunk: Uint8Array) => {
      bytes += chunk.length
      if (nth === 0) whole.push(Buffer.from(chunk))
      if (!isTold) {
        isTold = true
        told += 1
        if (told === count) resolve()
      } else if (isEnd(chunk)) {
        open -= 1
        if (open === 0) ended.resolve(performance.timeOrigin + performance.now())
      }
    }
  }
  const openOne = async (nth: number) => {
    const take = read(nth)
    const socket = await openRaw(url, (chunk) => void (isPing(chunk) ? socket.write(pong) : take(chunk)))
    return socket
  }
  sockets = await Promise.all(Array.from({ length: count }, (_, nth) => openOne(nth)))
  if (job !== undefined) {
    for (const socket of sockets) socket.write(frameOf({ type: 'subscribe', job }))
    await all
  }
  bytes = 0
  return { bytes: 0, events: 0, at: 0 }
}

/** Whether a job event that says when the job ended is the last in it. */
const isEnd = (chunk: Uint8Array): boolean =>
  chunk.at(-1) === 0x7d &&
  chunk.at(-2) === 0x7d &&
  Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    .toString('latin1', Math.max(0, chunk.length - 300))
    .includes('"finishedAt":"')

const result = async (): Promise<ReadersAnswer> => {
  const at = await ended.promise
  let events = 0
  for (const text of textsIn(Buffer.concat(whole))) {
    const message = JSON.parse(text) as { type: string; data: unknown[] }
    if (message.type === 'tasks') events += message.data.length
  }
  return { bytes, events: events * sockets.length, at }
}

serveTool<ReadersQuestion, ReadersAnswer>((question) =>
  question.type === 'open' ? open(question) : result(),
)
