import { systemClock } from '../clock.ts'
import { ConfigError } from '../config.ts'
import { version } from '../http/version.ts'
import { StoreError } from '../store/store.ts'
import { runBackup } from './backup.ts'
import { readCommand, UsageError } from './command.ts'
import { help } from './help.ts'

/** The `sheaf` command. A server is loaded only when it is to start. */
const run = async (): Promise<void> => {
  const command = readCommand(process.argv.slice(2))
  switch (command.type) {
    case 'serve':
      await import('../main.ts')
      return
    case 'backup':
      for (const line of runBackup(command, process.env, systemClock)) console.log(line)
      return
    case 'version':
      console.log(`sheaf ${version}`)
      return
    case 'help':
      console.log(help)
      return
    default:
      command satisfies never
  }
}

const fail = (error: unknown): void => {
  const known = error instanceof UsageError || error instanceof StoreError || error instanceof ConfigError
  console.error(known ? error.message : error)
  process.exitCode = error instanceof UsageError ? 2 : 1
}

run().catch(fail)
