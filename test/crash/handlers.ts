import { Type } from '@sinclair/typebox'
import { defineHandler } from '../../src/index.ts'

const Input = Type.Object({ n: Type.Number() })

/** Takes a while, and tells how far it is. */
export const square = defineHandler({
  name: 'square',
  input: Input,
  output: Type.Number(),
  run: async ({ n }, { progress }) => {
    for (let done = 1; done <= 3; done += 1) {
      await Bun.sleep(n % 11)
      progress({ done, total: 3 })
    }
    return n ** 2
  },
})

/** Fails its first attempt. */
export const stumble = defineHandler({
  name: 'stumble',
  input: Input,
  output: Type.String(),
  run: ({ n }, { attempt }) => {
    if (attempt === 1) throw new Error('stumbled')
    return `got up ${n}`
  },
})

/** Gives back what nobody has written before. */
export const reverse = defineHandler({
  name: 'reverse',
  input: Type.Object({ text: Type.String() }),
  output: Type.String(),
  run: ({ text }) => [...text].reverse().join(''),
})
