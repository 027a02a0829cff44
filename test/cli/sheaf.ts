import { join } from 'node:path'
import { ChildProcess } from '../support/process.ts'

const entry = join(import.meta.dir, '../../src/cli/sheaf.ts')

/** Starts the `sheaf` command in a folder. */
export const startSheaf = (
  folder: string,
  args: string[],
  env: Record<string, string> = {},
  program = [process.execPath, entry],
) => new ChildProcess([...program, ...args], folder, env)

/** Runs it to its end: its exit code, and the lines it wrote. */
export const runSheaf = async (...started: Parameters<typeof startSheaf>) => {
  await using child = startSheaf(...started)
  const { code } = await child.ended
  return { code, out: child.stdout.lines, err: child.stderr.lines }
}
