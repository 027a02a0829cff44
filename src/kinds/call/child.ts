/**
 * The program of a worker, be it a thread or a process; see program.ts, which hands it over as text. So it must stand
 * alone: it can import what is built in, and types, but nothing of ours, and nobody imports it as a module.
 */
import { setPriority } from 'node:os'
import type { HandlerContext } from '../handler.ts'
import type { Progress } from '../kind.ts'
import type { Order, Report, Start, Why } from './messages.ts'

/** Progress is sent no more often: a loop that reports each of its rounds would keep the server busy with nothing else. */
const progressMs = 50

/** The server, which answers others meanwhile, goes first. */
const niceness = 10

const isThread = !Bun.isMainThread

const report = (message: Report): void => {
  if (isThread) self.postMessage(message)
  else process.send?.(message)
}

/** The one task that runs. */
let running: { id: number; controller: AbortController } | undefined

const heed = (order: Order): void => {
  if (order.type === 'start') start(order)
  else if (running?.id === order.id) running.controller.abort()
}

const start = async (order: Start): Promise<void> => {
  const controller = new AbortController()
  running = { id: order.id, controller }
  const progress = progressOf(order.id)
  const ending = await run(order, controller.signal, progress.say)
  progress.end()
  running = undefined
  report(ending)
}

const run = async (
  order: Start,
  signal: AbortSignal,
  progress: HandlerContext['progress'],
): Promise<Report> => {
  const { id, module, input, job, index, attempt, idempotencyKey } = order
  const failed = (why: Why, message: string): Report => ({ type: 'failed', id, why, message })
  let loaded: Record<string, unknown>
  try {
    loaded = await import(module)
  } catch (error) {
    return failed('not_loaded', messageOf(error))
  }
  const handle = [loaded.default, loaded.run].find((value) => typeof value === 'function')
  if (!handle) return failed('no_function', '')
  const log = logOf(id)
  let returned: unknown
  try {
    const value: unknown = input === undefined ? undefined : JSON.parse(input)
    returned = await handle(value, { signal, attempt, job, index, idempotencyKey, progress, log })
  } catch (error) {
    return failed(error instanceof Error && error.name === 'Fatal' ? 'fatal' : 'threw', messageOf(error))
  }
  try {
    return { type: 'done', id, output: toJson(returned) }
  } catch (error) {
    return failed('no_json', messageOf(error))
  }
}

/** Sends the first progress at once, and of what follows within the interval only the latest. */
const progressOf = (id: number) => {
  let sentAt = Number.NEGATIVE_INFINITY
  let held: Progress | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let ended = false
  const send = (progress: Progress) => {
    clearTimeout(timer)
    timer = undefined
    held = undefined
    sentAt = now()
    report({ type: 'progress', id, progress })
  }
  return {
    say: ({ done, total, message }: Progress) => {
      if (ended) return
      const progress = {
        done: Number(done),
        ...(total !== undefined && { total: Number(total) }),
        ...(message !== undefined && { message: String(message) }),
      }
      if (now() - sentAt >= progressMs) return send(progress)
      held = progress
      timer ??= setTimeout(() => held && send(held), progressMs)
    },
    end: () => {
      if (held) send(held)
      clearTimeout(timer)
      ended = true
    },
  }
}

/** Of this process. The server's clock is out of reach, and a timer never runs in a handler that does not wait. */
const now = () => process.uptime() * 1_000

const logOf =
  (id: number): HandlerContext['log'] =>
  (message, fields) => {
    if (running?.id !== id) return
    try {
      report({ type: 'log', id, message: String(message), ...(fields && { fields }) })
    } catch {
      // There is a field that cannot be sent, such as a function.
      report({ type: 'log', id, message: String(message), fields: { fields: Bun.inspect(fields) } })
    }
  }

/** As in failure.ts. */
const messageOf = (error: unknown): string => {
  if (error instanceof Error) return error.message || error.name
  return typeof error === 'string' ? error : `Threw ${describe(error)}, which is no Error.`
}

const describe = (value: unknown): string => {
  try {
    return toJson(value)
  } catch {
    return `a ${typeof value}`
  }
}

/** As in json.ts, but throws. */
const toJson = (value: unknown): string =>
  value === undefined ? 'null' : (JSON.stringify(value, refuse) ?? 'null')

const refuse = (name: string, value: unknown): unknown => {
  const type = typeof value
  if (type !== 'function' && type !== 'symbol' && type !== 'bigint') return value
  throw new TypeError(`JSON has no ${type}${name === '' ? '' : `, as found in "${name}"`}.`)
}

const crash = (error: unknown) => report({ type: 'crashed', message: messageOf(error) })

process.on('uncaughtException', crash)
process.on('unhandledRejection', crash)
// Only Linux has a priority for each thread; elsewhere, this would be the server's.
if (!isThread || process.platform === 'linux') setPriority(niceness)
if (isThread) self.addEventListener('message', ({ data }: MessageEvent<Order>) => heed(data))
else process.on('message', heed)
