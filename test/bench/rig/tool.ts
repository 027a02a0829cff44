import { onExit } from './cleanup.ts'

/** How long a tool may take to answer. Every measurement takes seconds. */
const longestMs = 120_000

/** A process of the bench's own that does what it is asked, one thing at a time. */
export interface Tool<Question, Answer> {
  ask(question: Question): Promise<Answer>
  stop(): Promise<void>
}

type Message<Answer> =
  | { type: 'ready' }
  | { type: 'answer'; answer: Answer }
  | { type: 'error'; message: string }

/** Starts `processes/<name>.ts` and waits until it serves. */
export const startTool = async <Question, Answer>(name: string): Promise<Tool<Question, Answer>> => {
  let settle = Promise.withResolvers<Message<Answer>>()
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/../processes/${name}.ts`], {
    stdio: ['ignore', 'ignore', 'inherit'],
    // The other side is `serveTool`, which sends nothing else.
    ipc: (message) => settle.resolve(message as Message<Answer>),
    onExit: (_, code) => settle.reject(new Error(`The process "${name}" ended with code ${code}`)),
  })
  settle.promise.catch(() => {})
  const stop = onExit(async () => {
    child.kill('SIGKILL')
    await child.exited
  })
  const next = async (): Promise<Message<Answer>> => {
    const timer = setTimeout(
      () => settle.reject(new Error(`"${name}" took longer than ${longestMs} ms`)),
      longestMs,
    )
    try {
      return await settle.promise
    } finally {
      clearTimeout(timer)
    }
  }
  await next()
  return {
    stop,
    ask: async (question) => {
      settle = Promise.withResolvers()
      child.send(question)
      const message = await next()
      if (message.type === 'answer') return message.answer
      throw new Error(message.type === 'error' ? `"${name}": ${message.message}` : `"${name}" started twice`)
    },
  }
}

/** The other side: answers each question of the bench, and ends with it. */
export const serveTool = <Question, Answer>(
  answer: (question: Question) => Answer | Promise<Answer>,
): void => {
  const send = (message: Message<Answer>) => process.send?.(message)
  process.on('message', async (question: Question) => {
    try {
      send({ type: 'answer', answer: await answer(question) })
    } catch (error) {
      send({ type: 'error', message: error instanceof Error ? String(error.stack) : String(error) })
    }
  })
  process.on('disconnect', () => process.exit(0))
  // On Ctrl-C the terminal asks every process; the bench ends this one when it is done with it.
  process.on('SIGINT', () => {})
  send({ type: 'ready' })
}
