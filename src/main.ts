import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { systemClock } from './clock.ts'
import { ConfigError, readConfig } from './config.ts'
import { type Handler, isHandler } from './kinds/handler.ts'
import { createLog } from './log.ts'
import { type Server, serve } from './serve.ts'
import { StoreError } from './store/store.ts'

/** The process: reads the environment, starts the server, heeds signals. The only place that exits. */
const main = async (): Promise<void> => {
  const config = readConfig(process.env)
  const log = createLog({ level: config.log, clock: systemClock })
  const handlers = config.handlers === undefined ? [] : await loadHandlers(config.handlers)
  const server = await serve({ config, log, handlers })
  stopOnSignal(server)
  console.log(`Sheaf listens on ${server.url}`)
}

/** The first signal stops gracefully; the second, at once. */
const stopOnSignal = (server: Server): void => {
  let stopping = false
  const onSignal = () => {
    if (stopping) process.exit(1)
    stopping = true
    server.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    )
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
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
