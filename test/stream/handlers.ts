import { Type } from '@sinclair/typebox'
import { defineHandler, Fatal } from '../../src/index.ts'

/** What a task of this suite does: `fails` attempts fail before one succeeds, or the first does for good. */
export const work = defineHandler({
  name: 'work',
  input: Type.Object({
    /** How long its output is. */
    bytes: Type.Integer(),
    fails: Type.Union([Type.Integer(), Type.Literal('for good')]),
    /** Where each attempt waits to be let on. */
    gate: Type.Union([Type.String(), Type.Null()]),
    tells: Type.Boolean(),
  }),
  output: Type.String(),
  run: async ({ bytes, fails, gate, tells }, { attempt, index, progress, signal }) => {
    if (tells) progress({ done: 1, total: 2, message: `${index}` })
    if (gate !== null) await fetch(gate, { signal })
    if (fails === 'for good') throw new Fatal(`Task ${index} gives up`)
    if (attempt <= fails) throw new Error(`Attempt ${attempt} of task ${index} fails`)
    return `${index} at ${attempt} ${'x'.repeat(bytes)}`
  },
})
