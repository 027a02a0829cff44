import * as child from './child.ts' with { type: 'text' }
import type { Answer, Question } from './messages.ts'

/**
 * The text of child.ts, which the compiler takes for a module. As text it is part of a compiled executable without being
 * named as an entry point, also in an app of someone else's.
 */
const program = String(Reflect.get(child, 'default'))

/**
 * A process that runs SQLite. A thread would not do: `worker.terminate()` does not stop a statement that runs (it was
 * seen to burn a whole core for seconds after), and a process starts in 10 ms and answers in 25 µs.
 */
export class SqliteProcess {
  readonly #process: Bun.Subprocess
  #answer: ((answer: Answer | undefined) => void) | undefined

  constructor() {
    this.#process = Bun.spawn([process.execPath, '--no-env-file', '--no-install', '-e', program], {
      // Nothing of where the server runs, or of its environment, is for a query to find.
      cwd: '/',
      env: {
        // Makes a compiled executable run as the `bun` that is in it …
        BUN_BE_BUN: '1',
        // … and the kernel end the process when the server dies, even in the middle of a statement.
        BUN_FEATURE_FLAG_NO_ORPHANS: '1',
      },
      stdio: ['ignore', 'ignore', 'ignore'],
      serialization: 'advanced',
      // Nobody but child.ts writes to this channel.
      ipc: (answer: Answer) => this.#settle(answer),
      onExit: () => this.#settle(undefined),
    })
    // An idle process keeps nobody waiting who forgot to close the kind.
    this.#process.unref()
  }

  get alive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** One question at a time. Resolves with nothing if the process ends before it has answered. */
  ask(question: Question): Promise<Answer | undefined> {
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>()
    this.#answer = resolve
    this.#process.ref()
    try {
      this.#process.send(question)
    } catch {
      // It is about to end, and then there is no answer.
      this.#process.kill('SIGKILL')
    }
    return promise
  }

  /** Ends it, whatever it does; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#process.exited
  }

  #settle(answer: Answer | undefined): void {
    this.#process.unref()
    this.#answer?.(answer)
    this.#answer = undefined
  }
}
