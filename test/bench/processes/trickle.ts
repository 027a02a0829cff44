import { connect, type Socket } from 'node:net'
import { frameOf, handshake } from '../rig/raw-socket.ts'
import { serveTool } from '../rig/tool.ts'

export type TrickleQuestion = { type: 'open'; url: string; job: string } | { type: 'close' }

/** What a subscriber takes that is as slow as can be. */
const bytesPerSecond = 1_024

let socket: Socket | undefined
let timer: ReturnType<typeof setInterval> | undefined
let read = 0

/** Answers when the subscription is on its way. */
const open = async (url: string, job: string): Promise<number> => {
  const { hostname, port, pathname } = new URL(url)
  const opened = connect(Number(port), hostname)
  socket = opened
  read = 0
  await new Promise<void>((resolve, reject) => {
    opened.once('connect', resolve)
    opened.once('error', reject)
  })
  // As nobody listens to it, what comes stays where it is until it is read.
  timer = setInterval(() => {
    read += opened.read(bytesPerSecond)?.length ?? 0
  }, 1_000)
  opened.write(handshake(pathname))
  await new Promise<void>((resolve) => opened.once('readable', resolve))
  opened.write(frameOf({ type: 'subscribe', job, after: 0 }))
  return 0
}

/** Answers with how much was read. */
const close = (): number => {
  clearInterval(timer)
  socket?.destroy()
  return read
}

serveTool<TrickleQuestion, number>((question) =>
  question.type === 'open' ? open(question.url, question.job) : close(),
)
