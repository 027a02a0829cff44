import type { FollowOptions } from '../../../src/engine/follow.ts'
import { type Told, told } from '../../../src/engine/told.ts'
import type { Rig } from '../../support/engine.ts'
import { Fold } from './fold.ts'

/** One reader of a job, who reads on whenever there is something. */
export const readerOf = (rig: Rig, { id }: { id: string }, options: FollowOptions = {}) => {
  const fold = new Fold(options.after)
  const frames: Told[] = []
  const done = (async () => {
    for await (const frame of told((reader) => rig.engine.follow(id, options, reader))) {
      frames.push(frame)
      fold.take(frame)
    }
    return fold
  })()
  const events = () => frames.map(({ text }): Record<string, unknown> => JSON.parse(text))
  return { fold, frames, events, done }
}
