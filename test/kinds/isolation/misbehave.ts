import type { HandlerContext } from '../../../src/kinds/handler.ts'

/** What a handler can do to its worker, by name; the input names one. */
export type Deed = keyof typeof deeds

class Fatal extends Error {
  override readonly name = 'Fatal'
}

let count = 0
const never = new Promise(() => {})

const deeds = {
  echo: (value: unknown) => value,
  isUndefined: (value: unknown) => value === undefined,
  /** Rises with each task of this worker, and starts anew in the next one. */
  count: () => ++count,
  context: (_: unknown, { signal, progress, log, ...rest }: HandlerContext) => ({
    ...rest,
    aborted: signal.aborted,
  }),
  talk: (_: unknown, { progress, log }: HandlerContext) => {
    progress({ done: 1, total: 2, message: 'half' })
    log('so far', { well: true })
    log('a function', { of: () => 1 })
  },
  chatter: (rounds: number, { progress }: HandlerContext) => {
    for (let done = 1; done <= rounds; done += 1) progress({ done, total: rounds })
  },
  throw: (message: unknown) => {
    throw new Error(String(message))
  },
  reject: async (message: unknown) => Promise.reject(new Error(String(message))),
  throwText: () => {
    throw 'broken'
  },
  throwSymbol: () => {
    throw Symbol('x')
  },
  fatal: () => {
    throw new Fatal('no such user')
  },
  hang: (_: unknown, { progress }: HandlerContext) => {
    progress({ done: 1 })
    return never
  },
  spin: (_: unknown, { progress }: HandlerContext) => {
    progress({ done: 1 })
    for (;;);
  },
  /** Native code, which ends no earlier for a thread that is terminated. */
  sleep: (_: unknown, { progress }: HandlerContext) => {
    progress({ done: 1 })
    Bun.sleepSync(4_000)
  },
  heed: (_: unknown, { signal, progress, log }: HandlerContext) => {
    const { promise, resolve } = Promise.withResolvers<string>()
    signal.addEventListener('abort', () => {
      log('heeded')
      resolve('heeded')
    })
    progress({ done: 1 })
    return promise
  },
  exit: (code: number) => process.exit(code),
  throwLater: () => {
    setTimeout(() => {
      throw new Error('later')
    })
    return never
  },
  rejectLater: () => {
    Promise.reject(new Error('later'))
    return never
  },
  /** Throws after it returned. */
  leave: () => {
    setTimeout(() => {
      throw new Error('left behind')
    })
    return 'left'
  },
  bigint: () => 7n,
  function: () => ({ run: () => 1 }),
  segfault: () => {
    process.kill(process.pid, 'SIGSEGV')
    return never
  },
  eat: (megabytes: number) => {
    const eaten: Uint8Array[] = []
    for (let eat = 0; eat < megabytes; eat += 8) eaten.push(new Uint8Array(8 * 2 ** 20).fill(1))
    return eaten.length
  },
  mutter: () => {
    if (Bun.isMainThread) process.send?.('not a report')
    else postMessage('not a report')
    return 'muttered'
  },
  priority: async () => {
    const { getPriority } = await import('node:os')
    return getPriority()
  },
  pid: () => process.pid,
  environment: (name: string) => process.env[name],
  /** Keeps one core busy for about that long. */
  burn: (ms: number) => {
    const until = performance.now() + ms
    let rounds = 0
    while (performance.now() < until) rounds += 1
    return rounds
  },
}

export default (input: { deed: Deed; with?: never } | null, context: HandlerContext) =>
  input === null ? 'nothing' : deeds[input.deed](input.with as never, context)
