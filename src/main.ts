import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { systemClock } from './clock.ts'
import { ConfigError, readConfig } from './config.ts'
import { allowedFailpoints, arm, failpointVariable } from './failpoint.ts'
import { expected } from './job/errors.ts'
import { type Handler, isHandler } from './kinds/handler.ts'
import { createLog, type Log, type LogLevel } from './log.ts'
import { type Server, serve } from './serve.ts'
import { StoreError } from './store/store.ts'

/** The process: reads the environment, starts the server, heeds signals. The only place that exits. */
const main = async (): Promise<void> => {
  const config = readConfig(process.env)
  const log = createLog({ level: config.log, clock: systemClock })
  armFailpoint(process.env[failpointVariable], log)
  const handlers = config.handlers === undefined ? [] : await loadHandlers(config.handlers)
  const server = await serve({ config, log, handlers, watchdog: heedsWarnings(config.log) })
  stopOnSignal(server)
  outliveHandlers(server, log)
  console.log(`Sheaf listens on ${server.url}`)
}

const heedsWarnings = (level: LogLevel): boolean => level !== 'error' && level !== 'silent'

/** For tests of what a death leaves. Throws a ConfigError. */
const armFailpoint = (text: string | undefined, log: Log): void => {
  if (text === undefined || text === '') return
  if (!arm(text)) throw new ConfigError(expected(failpointVariable, allowedFailpoints, text))
  log.warn('This server will kill itself', { [failpointVariable]: text })
}

/** `bun run` passes on a Ctrl-C that the terminal has sent to all its processes already: so soon, it is the same signal. */
const echoMs = 250

/** The first signal stops gracefully; a second one, at once. */
const stopOnSignal = (server: Server): void => {
  let toldAt: number | undefined
  const onSignal = () => {
    const now = systemClock.now()
    if (toldAt === undefined) {
      toldAt = now
      stopAndExit(server, 0)
    } else if (now - toldAt > echoMs) process.exit(1)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}

/**
 * What a handler leaves behind without a catch must not take the server along: a rejection is logged. After a throw
 * out of nowhere nobody knows what still holds, so what runs is given back and the process ends.
 */
const outliveHandlers = (server: Server, log: Log): void => {
  process.on('unhandledRejection', (error) => log.error('A rejection was not handled', { error }))
  process.on('uncaughtException', (error) => {
    log.error('A throw was not caught: the server stops', { error })
    stopAndExit(server, 1)
  })
}

const stopAndExit = (server: Server, code: number): void => {
  server.stop().then(
    () => process.exit(code),
    (error: unknown) => fail(error),
  )
}

/** Every handler that a module exports, under any name. Throws a ConfigError. */
const loadHandlers = async (path: string): Promise<Handler[]> => {
  let exported: Record<string, unknown>
  try {
    exported = await import(/^[a-z]+:/i.test(path) ? path : pathToFileURL(resolve(path)).href)
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw new ConfigError(
      `Expected "SHEAF_HANDLERS" to be a module that can be loaded, got "${path}": ${why}`,
    )
  }
  const handlers = Object.values(exported).filter(isHandler)
  if (handlers.length === 0)
    throw new ConfigError(
      `Expected "SHEAF_HANDLERS" to export handlers (see defineHandler), got none in "${path}".`,
    )
  return [...new Set(handlers)]
}

const fail = (error: unknown): never => {
  const known = error instanceof ConfigError || error instanceof StoreError
  console.error(known ? error.message : error)
  process.exit(1)
}

main().catch(fail)
