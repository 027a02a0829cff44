import type { Clock } from './clock.ts'

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

type Fields = Record<string, unknown>
type Write = (message: string, fields?: Fields) => void

/** One line an event, for people to read and machines to search. An Error in a field is written with its stack. */
export interface Log {
  debug: Write
  info: Write
  warn: Write
  error: Write
}

export interface LogOptions {
  /** The least important level that is written. */
  level: LogLevel
  clock: Pick<Clock, 'now'>
  /** JSON lines, or lines for a terminal. Default: as stderr is one. */
  format?: 'json' | 'text'
  /** Takes whole lines, without their end. Default: stderr. */
  write?: (line: string) => void
}

export const createLog = ({
  level,
  clock,
  format = process.stderr.isTTY ? 'text' : 'json',
  write = (line) => void process.stderr.write(`${line}\n`),
}: LogOptions): Log => {
  const line = format === 'json' ? jsonLine : textLine
  const at = (own: Exclude<LogLevel, 'silent'>): Write =>
    logLevels.indexOf(own) < logLevels.indexOf(level)
      ? () => {}
      : (message, fields = {}) => write(line(new Date(clock.now()).toISOString(), own, message, fields))
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

type Line = (at: string, level: LogLevel, message: string, fields: Fields) => string

/** Each value by itself, so that one that JSON cannot express spoils no other. */
const jsonLine: Line = (at, level, message, fields) =>
  `{${Object.entries({ at, level, message, ...fields })
    .map(([name, value]) => `${JSON.stringify(name)}:${toJson(value)}`)
    .join(',')}}`

/** Values are JSON here too, so that no text out of a request can forge a line of its own. */
const textLine: Line = (at, level, message, fields) =>
  [
    at.slice(11, 23),
    level.padEnd(5),
    message,
    ...Object.entries(fields).map(([name, value]) => `${name}=${toJson(value)}`),
  ].join(' ')

const toJson = (value: unknown): string => {
  try {
    return JSON.stringify(value, (_, part: unknown) => plain(part)) ?? 'null'
  } catch {
    return JSON.stringify(String(value))
  }
}

const plain = (value: unknown): unknown => {
  if (typeof value === 'bigint') return String(value)
  if (!(value instanceof Error)) return value
  const { name, message, stack, cause } = value
  return { name, message, stack, cause }
}
