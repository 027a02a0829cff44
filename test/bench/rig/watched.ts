import type { WatchedAnswer, WatchedQuestion } from '../processes/watched-sheaf.ts'
import { newFolder } from './folder.ts'
import type { Lagged } from './lag.ts'
import { startTool, type Tool } from './tool.ts'

/** Sheaf in a process of the bench's own, where its event loop and its commits can be watched. */
export interface Watched {
  url: string
  tool: Tool<WatchedQuestion, WatchedAnswer>
  /** How long the event loop lets others wait while the work is done. */
  lagDuring(work: () => Promise<unknown>): Promise<Lagged>
  stop(): Promise<void>
}

/** As shipped, but for what is given: how many tasks run at once, and how much longer the disk takes for a commit. */
export const startWatched = async (
  more: { concurrency?: number; syncMs?: number } = {},
): Promise<Watched> => {
  const { path, remove } = newFolder()
  const tool: Watched['tool'] = await startTool('watched-sheaf')
  const { url } = await tool.ask({ type: 'start', database: `${path}/sheaf.db`, ...more })
  return {
    url,
    tool,
    lagDuring: async (work) => {
      await tool.ask({ type: 'watch' })
      await work()
      const { lag } = await tool.ask({ type: 'lag' })
      if (lag === undefined) throw new Error('Expected the event loop to have been watched')
      return lag
    },
    stop: async () => {
      await tool.stop()
      await remove()
    },
  }
}
