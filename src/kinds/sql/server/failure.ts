import type { RunResult } from '../../kind.ts'
import { failed, failedForGood } from '../../results.ts'

/** The failures that come from Bun, not from the server: its codes are ERR_POSTGRES_… and ERR_MYSQL_…. */
export const connectionFailure = (error: unknown, source: string): RunResult | undefined => {
  const code = codeOf(error)
  if (code === undefined) return undefined
  const details = { databaseCode: code }
  if (/_CONNECTION_(REFUSED|FAILED|TIMEOUT)$/.test(code)) {
    return failed('connect_failed', `No connection to "${source}" could be made (${code}).`, details)
  }
  if (/_(CONNECTION_CLOSED|IDLE_TIMEOUT|LIFETIME_TIMEOUT)$/.test(code)) {
    return failed('connection_lost', `The connection to "${source}" broke (${code}).`, details)
  }
  if (/TLS|CERT|SIGNATURE/.test(code)) {
    return failedForGood('tls_failed', `The connection to "${source}" is not secure (${code}).`, details)
  }
  return undefined
}

/** The text under this name of an error, if there is one. */
export const textOf = (error: unknown, name: string): string | undefined => {
  const text: unknown = error instanceof Error ? Reflect.get(error, name) : undefined
  return typeof text === 'string' || typeof text === 'number' ? String(text) : undefined
}

const codeOf = (error: unknown): string | undefined => textOf(error, 'code')
