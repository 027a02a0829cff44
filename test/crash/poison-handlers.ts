import { Type } from '@sinclair/typebox'
import { defineHandler } from '../../src/index.ts'

/** Takes the server along: right away, or after a while in which others may end. */
export const poison = defineHandler({
  name: 'poison',
  input: Type.Object({ afterMs: Type.Number() }),
  output: Type.Null(),
  run: async ({ afterMs }) => {
    if (afterMs > 0) await Bun.sleep(afterMs)
    process.kill(process.pid, 'SIGKILL')
    return null
  },
})
