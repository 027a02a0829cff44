import type { RunResult } from '../kind.ts'
import { aborted, failed, failedForGood, succeeded } from '../results.ts'
import type { Database, Statement } from './database.ts'
import { queryFailed, refused, tooMuch } from './results.ts'
import { outputText } from './rows.ts'
import type { SqliteSource } from './source.ts'
import { codeName } from './sqlite/codes.ts'
import type { Answer } from './sqlite/messages.ts'
import { mostProcesses, SqliteProcesses } from './sqlite/processes.ts'

/** An SQLite file, asked by a few processes. */
export const openSqlite = (source: SqliteSource): Database => {
  const processes = new SqliteProcesses()
  const { file, writable } = source
  return {
    concurrency: mostProcesses,
    async run(statement, signal) {
      const child = await processes.take(signal)
      if (!child) return aborted
      if (signal.aborted) {
        await processes.give(child)
        return aborted
      }
      const kill = () => void child.kill()
      signal.addEventListener('abort', kill, { once: true })
      const answer = await child.ask({ ...statement, file, writable })
      signal.removeEventListener('abort', kill)
      await processes.give(child)
      return !answer && signal.aborted ? aborted : resultOf(answer, statement, source)
    },
    close: () => processes.close(),
  }
}

const resultOf = (answer: Answer | undefined, statement: Statement, source: SqliteSource): RunResult => {
  if (!answer) return failed('connection_lost', `The process that ran the query on "${source.name}" ended.`)
  switch (answer.type) {
    case 'done':
      return succeeded(outputText(answer.columns, answer.rows, answer.rowCount))
    case 'excess':
      return tooMuch(answer.of, statement)
    case 'several':
      return failedForGood('sql_failed', 'Expected "query" to be one statement, got several.')
    case 'failed':
      return failureOf(answer, source)
    case 'misfit':
      return failedForGood('sql_failed', misfit(statement.params.length))
    case 'crashed':
      throw new Error(answer.message)
    default:
      return answer satisfies never
  }
}

type Failed = Extract<Answer, { type: 'failed' }>

/** BUSY, LOCKED, IOERR, CANTOPEN and PROTOCOL: later, another connection or the machine may be in a better state. */
const transient = new Set([5, 6, 10, 14, 15])

const failureOf = ({ message, number }: Failed, { name, writable }: SqliteSource): RunResult => {
  const primary = number & 0xff
  const code = codeName(number)
  return primary === 23 || primary === 8
    ? refused(name, refusal(message, writable), code)
    : queryFailed(name, { message, code }, transient.has(primary))
}

const misfit = (count: number): string =>
  `Expected "params" to have a value for each placeholder of the query, written ? or ?1, got ${count}.`

/** SQLite says no more than "not authorized". */
const refusal = (message: string, writable: boolean): string =>
  writable
    ? `${message}; a query may not attach a file, set a pragma, or begin or end a transaction.`
    : `${message}; the source is read-only.`
