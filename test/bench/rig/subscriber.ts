import type { JobView } from '../../../src/job/wire.ts'

/** A task in an event, as far as the bench looks at it. */
export interface TaskEvent {
  index: number
  state: string
  seq: number
}

type Message =
  | { type: 'tasks'; seq: number; data: TaskEvent[] }
  | { type: 'job'; seq: number; data: JobView }
  | { type: 'error'; message: string }

/**
 * Follows a job from its first change over a WebSocket, reads everything, and resolves with the job when it has ended.
 * `onTasks` is called with each message's tasks, the moment at which the message came, and its length.
 */
export const follow = (
  url: string,
  job: string,
  onTasks: (tasks: readonly TaskEvent[], at: number, length: number) => void,
): Promise<JobView> => {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/events`)
  const ended = new Promise<JobView>((resolve, reject) => {
    socket.onopen = () => socket.send(JSON.stringify({ type: 'subscribe', job, after: 0 }))
    socket.onclose = ({ code }) => reject(new Error(`The WebSocket was closed with code ${code}`))
    socket.onmessage = ({ data }) => {
      const at = performance.timeOrigin + performance.now()
      const message = JSON.parse(data) as Message
      if (message.type === 'tasks') onTasks(message.data, at, data.length)
      else if (message.type === 'error') reject(new Error(message.message))
      else if (message.type === 'job' && message.data.finishedAt !== null) resolve(message.data)
    }
  })
  return ended.finally(() => socket.close())
}

/** Follows a job of so many tasks, and makes sure that the end of each was told once. */
export const followAll = async (url: string, job: string, tasks: number): Promise<JobView> => {
  const seen = new Uint8Array(tasks)
  let ends = 0
  const ended = await follow(url, job, (events) => {
    for (const { index, state } of events) {
      if (state !== 'succeeded') continue
      seen[index] = 1
      ends += 1
    }
  })
  const missing = seen.indexOf(0)
  if (missing >= 0) throw new Error(`Expected the end of every task to be told, not that of task ${missing}`)
  if (ends !== tasks) throw new Error(`Expected ${tasks} ends to be told, got ${ends}`)
  return ended
}
