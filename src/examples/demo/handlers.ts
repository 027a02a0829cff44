import { Type } from '@sinclair/typebox'
import { defineHandler } from 'sheaf'

/** What a `call` task of the demo runs: how often each letter comes in a text. */
export const letters = defineHandler({
  name: 'letters',
  input: Type.Object({ text: Type.String() }),
  output: Type.Record(Type.String(), Type.Number()),
  run: ({ text }, { progress }) => {
    const counts: Record<string, number> = {}
    for (const letter of text.toLowerCase().replace(/[^a-z]/g, '')) counts[letter] = (counts[letter] ?? 0) + 1
    progress({ done: text.length, total: text.length })
    return counts
  },
})
