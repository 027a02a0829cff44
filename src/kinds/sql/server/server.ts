import type { SQL } from 'bun'
import type { RunResult } from '../../kind.ts'
import { aborted } from '../../results.ts'
import type { Database, Statement } from '../database.ts'
import type { ServerSource } from '../source.ts'
import { mostConnections, openPool, script } from './pool.ts'
import { Session } from './session.ts'

/** What differs from server to server. */
export interface Dialect {
  /**
   * Begins a transaction, in which the server refuses writes unless the source is writable. Resolves with the number that
   * the server has for the connection.
   */
  begin(session: Session, statement: Statement): Promise<number>
  /**
   * The command that ends the connection with that number. To cancel its query would not do: that is lost if it arrives
   * before the query does, and hits another one if it arrives after its end.
   */
  kill(id: number): string
  /** Runs the statement and reads what it returns. May reject with what {@link failureOf} understands. */
  ask(session: Session, statement: Statement): Promise<RunResult>
  /** Throws what is no failure of the server, but a bug. */
  failureOf(error: unknown): RunResult
}

/** A database behind a connection. */
export const openServer = (source: ServerSource, dialect: Dialect): Database => {
  const pool = openPool(source)
  // A connection of its own: it must be free when none of the others is.
  const killer = openPool(source, 1)
  return {
    concurrency: mostConnections,
    async run(statement, signal) {
      try {
        const connection = await pool.reserve({ signal })
        const session = new Session(connection, signal)
        return await converse(session, statement, source, dialect, killer)
      } catch (error) {
        return signal.aborted ? aborted : dialect.failureOf(error)
      }
    },
    async close() {
      await Promise.all([pool.close({ timeout: 1 }), killer.close({ timeout: 1 })])
    },
  }
}

const converse = async (
  session: Session,
  statement: Statement,
  { writable }: ServerSource,
  dialect: Dialect,
  killer: SQL,
): Promise<RunResult> => {
  let over = false
  const finish = async (how: 'commit' | 'rollback') => {
    await session.do(script(session.connection, [how]))
    over = true
  }
  try {
    const id = await dialect.begin(session, statement)
    session.stopBy(() => script(killer, [dialect.kill(id)]))
    const result = await dialect.ask(session, statement)
    // A rollback also undoes what a query did to the session, such as set_config().
    await finish(writable && result.type === 'succeeded' ? 'commit' : 'rollback')
    return result
  } catch (error) {
    if (!session.signal.aborted) await finish('rollback').catch(ignore)
    throw error
  } finally {
    await session.end(over)
  }
}

/** The connection is closed then, and with it the transaction ends. */
const ignore = () => {}
