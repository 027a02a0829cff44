import { show } from '../job/errors.ts'
import type { Settled } from '../plugin/job.ts'
import type { Loopback } from './loopback.ts'

/** What `expect` can do after `expect.extend(sheafMatchers)`. */
export interface SheafMatchers {
  /** Of a settled job: its outcome is `succeeded`. */
  toHaveSucceeded(): void
  /** Of a settled job: its outcome is `failed`; if given, with the error code of the job or of one of its tasks. */
  toHaveFailed(code?: string): void
  /** Of a settled job: each task succeeded, and these are the outputs in input order. */
  toHaveOutputs(outputs: readonly unknown[]): void
  /** Of a loopback server: it was asked for this, such as `GET /users/1`; if given, exactly so often. */
  toHaveReceived(request: string, times?: number): void
}

/** What a matcher sees of `expect`. */
interface Context {
  equals(a: unknown, b: unknown): boolean
}

interface Verdict {
  pass: boolean
  message: () => string
}

const verdict = (pass: boolean, wanted: string, got: string): Verdict => ({
  pass,
  message: () => (pass ? `Expected it not ${wanted}, but it did.` : `Expected it ${wanted}, got ${got}.`),
})

/** What became of a job, as far as it fits into a line. */
const told = ({ outcome, error, results }: Settled): string => {
  const failures = results.flatMap(({ index, error: own }) =>
    own ? `task ${index}: ${own.code}, ${own.message}` : [],
  )
  return [outcome ?? 'no outcome', error && `${error.code}: ${error.message}`, ...failures.slice(0, 5)]
    .filter((part) => part !== undefined)
    .join('; ')
}

/** Matchers for `bun test`: `expect.extend(sheafMatchers)`, best in a preload. */
export const sheafMatchers = {
  toHaveSucceeded(this: unknown, received: unknown): Verdict {
    const job = settledOf(received)
    return verdict(job.outcome === 'succeeded', 'to succeed', told(job))
  },
  toHaveFailed(this: unknown, received: unknown, code?: unknown): Verdict {
    const job = settledOf(received)
    const codes = [job.error?.code, ...job.results.map(({ error }) => error?.code)]
    const pass = job.outcome === 'failed' && (code === undefined || codes.includes(String(code)))
    return verdict(pass, code === undefined ? 'to fail' : `to fail with ${code}`, told(job))
  },
  toHaveOutputs(this: Context, received: unknown, outputs: unknown): Verdict {
    const job = settledOf(received)
    const got = job.results.map(({ output }) => output)
    const pass = job.results.every(({ state }) => state === 'succeeded') && this.equals(got, outputs)
    return verdict(pass, `to give ${JSON.stringify(outputs)}`, `${JSON.stringify(got)} (${told(job)})`)
  },
  toHaveReceived(this: unknown, received: unknown, request: unknown, times?: unknown): Verdict {
    const { requests, of } = loopbackOf(received)
    const count = of(String(request)).length
    const all = requests.map(({ method, path }) => `${method} ${path}`).join(', ') || 'nothing'
    const often = times === undefined ? '' : ` ${times} times`
    return verdict(
      times === undefined ? count > 0 : count === times,
      `to be asked for ${request}${often}`,
      `${count} of these among: ${all}`,
    )
  },
}

const settledOf = (value: unknown): Settled => {
  if (typeof value === 'object' && value !== null && 'results' in value && 'state' in value)
    return value as Settled
  throw new TypeError(`Expected a job that has settled (await job.settled()), got ${show(value)}.`)
}

const loopbackOf = (value: unknown): Loopback => {
  if (typeof value === 'object' && value !== null && 'requests' in value && 'received' in value)
    return value as Loopback
  throw new TypeError(`Expected a loopback server (startLoopback), got ${show(value)}.`)
}

declare module 'bun:test' {
  // The parameter has to be called as theirs is.
  interface Matchers<T> extends SheafMatchers {}
}
