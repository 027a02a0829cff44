import { Type } from '@sinclair/typebox'
import { defineHandler } from '../../src/index.ts'

/** Runs for as long as its server does; once taken back it ends at once. */
export const patient = defineHandler({
  name: 'patient',
  input: Type.Unknown(),
  output: Type.String(),
  run: (_, { attempt, signal }) =>
    attempt > 1
      ? 'taken back'
      : new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
})
