import { join } from 'node:path'
import { SQL } from 'bun'

/** What its URL holds: a test that looks for it finds a leak. */
export const postgresPassword = 'pg-secret-7f3a'

/** A PostgreSQL server of a test's own; disposed of, it is gone with its files. */
export interface Postgres extends AsyncDisposable {
  /** As the superuser, to the database `postgres`. */
  url: string
  /** A client that is closed with the server. */
  admin: SQL
}

interface PostgresOptions {
  /** A folder for its files that is not there yet, in one that every user may enter; a temporary one by default. */
  folder?: string
  /** Whether a commit is on disk when it is acknowledged; no by default, as tests care little. */
  fsync?: boolean
}

/** Takes about 1.4 s, of which `initdb` takes most: one server for a file of tests is enough. */
export const startPostgres = async ({ folder, fsync = false }: PostgresOptions = {}): Promise<Postgres> => {
  const { PATH = '' } = process.env
  const server = Bun.spawn([process.execPath, join(import.meta.dir, 'postgres-process.ts')], {
    env: { PATH, PASSWORD: postgresPassword, FSYNC: fsync ? 'on' : 'off', ...(folder && { FOLDER: folder }) },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const { value } = await server.stdout.getReader().read()
  const port = new TextDecoder().decode(value).trim()
  if (!/^\d+$/.test(port)) throw new Error('PostgreSQL did not start')
  const url = `postgres://postgres:${postgresPassword}@127.0.0.1:${port}/postgres`
  const admin = new SQL(url, { max: 2 })
  return {
    url,
    admin,
    async [Symbol.asyncDispose]() {
      await admin.close({ timeout: 0 })
      await server.stdin.end()
      await server.exited
    },
  }
}
