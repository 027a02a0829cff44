import type { Following, FollowOptions, Reader } from '../../../src/engine/follow.ts'
import type { Frame } from '../../../src/engine/frame.ts'
import type { Hub } from '../../../src/engine/hub.ts'
import type { JobRecord, Store } from '../../../src/store/store.ts'

/** A reader that takes so many frames, and reads on at once while it has room. */
export class Listener implements Reader {
  readonly frames: Frame[] = []
  readonly texts: string[] = []
  /** How its following was over, if it was. */
  readonly ends: unknown[] = []
  room = Number.POSITIVE_INFINITY
  isBehind = false
  following: Following | undefined
  #caughtUp = Promise.withResolvers<void>()

  /** Follows a job until the end of its log. */
  async follow(hub: Hub, job: string, options: FollowOptions = {}): Promise<void> {
    this.following = hub.follow(job, options, this)
    await this.#caughtUp.promise
  }

  offer(frame: Frame, text: string): boolean {
    if (this.room === 0) return false
    this.room -= 1
    this.frames.push(frame)
    this.texts.push(text)
    if (frame.type === 'job') this.#caughtUp.resolve()
    return true
  }

  behind(following: Following): void {
    this.isBehind = this.room === 0
    if (!this.isBehind) void following.read()
  }

  over(_: Following, error?: unknown): void {
    this.ends.push(error)
    this.#caughtUp.resolve()
  }
}

/** A store in which there is a job, none of whose tasks has changed. */
export const seeded = (store: Store, job: JobRecord, onRead = () => {}): Store => {
  const own = Object.create(store) as Store
  own.job = async (id) => (id === job.id ? job : undefined)
  own.changes = async (id) => {
    onRead()
    return id === job.id ? { job, tasks: [], more: false } : undefined
  }
  return own
}
