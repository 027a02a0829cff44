import { heapStats } from 'bun:jsc'
import { Type } from '@sinclair/typebox'
import { defineHandler } from '../../../src/index.ts'

/** What the server that runs it holds in memory, once all that is no longer needed is gone. */
export const hold = defineHandler({
  name: 'hold',
  input: Type.Object({}),
  output: Type.Object({ heap: Type.Number(), objects: Type.Number(), timers: Type.Number() }),
  run: () => {
    Bun.gc(true)
    const { heapSize: heap, objectCount: objects, objectTypeCounts: types } = heapStats()
    return { heap, objects, timers: (types.Timeout ?? 0) + (types.Immediate ?? 0) }
  },
})
