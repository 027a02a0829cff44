import { Fold } from '../engine/kit/fold.ts'
import { takeText } from './wire.ts'

/** Sockets that each follow a job, from its first change on. */
export const crowdOf = async (address: string, jobs: readonly string[]) => {
  const members = jobs.map((job) => new Member(address, job))
  return {
    /** Resolves when each was told how its job stands. */
    began: Promise.all(members.map(({ began }) => began)),
    /** What each of them knows once its job has ended. */
    folds: () => Promise.all(members.map(({ ended }) => ended)),
    /** Cuts all of them off, without a word. */
    vanish() {
      for (const { socket } of members) cut(socket)
    },
    async [Symbol.asyncDispose]() {
      for (const { socket } of members) socket.close()
      await Promise.all(members.map(({ closed }) => closed))
    },
  }
}

/** What Bun's sockets can do, and those of browsers cannot. */
const cut = (socket: WebSocket): void => {
  if (!('terminate' in socket) || typeof socket.terminate !== 'function')
    throw new Error('A socket cannot be cut')
  socket.terminate()
}

class Member {
  readonly socket: WebSocket
  readonly began: Promise<void>
  readonly ended: Promise<Fold>
  readonly closed: Promise<void>

  constructor(address: string, job: string) {
    const fold = new Fold(0)
    const began = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<Fold>()
    const closed = Promise.withResolvers<void>()
    this.began = began.promise
    this.ended = ended.promise
    this.closed = closed.promise
    // Whoever waits for it is told; nobody needs to.
    this.ended.catch(() => {})
    this.socket = new WebSocket(`ws://${address}/events`)
    this.socket.onopen = () => this.socket.send(JSON.stringify({ type: 'subscribe', job, after: 0 }))
    this.socket.onclose = () => {
      closed.resolve()
      ended.reject(new Error('The socket closed'))
    }
    this.socket.onmessage = ({ data }) => {
      try {
        takeText(fold, String(data))
      } catch (error) {
        ended.reject(error)
      }
      if (fold.job) began.resolve()
      if (fold.lasts > 0) ended.resolve(fold)
    }
  }
}
