import { type Static, Type } from '@sinclair/typebox'
import { Duration, strict } from '../job/fields.ts'
import { limits } from '../job/limits.ts'
import type { Kind, RunContext, RunResult } from './kind.ts'
import { aborted, succeeded } from './results.ts'

export const SleepInput = Type.Object(
  { ms: Duration(0, limits.longestMs, 'How long to sleep.') },
  { ...strict, description: 'Waits; its output is null.' },
)

const done = succeeded('null')

/** By how much the timeout of a sleep exceeds the sleep: a machine under load fires timers late. */
const slackMs = 60_000

export const sleep: Kind<'sleep', typeof SleepInput> = {
  name: 'sleep',
  input: SleepInput,
  timeoutMs: ({ ms }) => ms + slackMs,
  queue: () => 'sleep',
  run: ({ ms }: Static<typeof SleepInput>, context) => (ms === 0 ? done : wait(ms, context)),
}

const wait = (ms: number, context: RunContext): Promise<RunResult> =>
  new Promise((resolve) => {
    const { signal } = context
    if (signal.aborted) return resolve(aborted)
    const wake = () => {
      signal.removeEventListener('abort', abort)
      resolve(done)
    }
    const abort = () => {
      callOff()
      resolve(aborted)
    }
    const callOff = context.after(ms, wake)
    signal.addEventListener('abort', abort, { once: true })
  })
