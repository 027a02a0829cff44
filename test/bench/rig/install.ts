import { join } from 'node:path'

const folder = join(import.meta.dir, '..')
/** What waits for a network that is not there tries for long. */
const longestMs = 60_000

/** Installs what the `package.json` of the bench pins, if it is not there yet; tells why it could not. */
export const install = (): string | undefined => {
  const { success, stderr } = Bun.spawnSync(
    // What a peer merely works with is not measured.
    [process.execPath, 'install', '--frozen-lockfile', '--omit=peer', '--no-progress'],
    { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], timeout: longestMs },
  )
  if (success) return undefined
  const said = stderr.toString().trim().split('\n')
  return said.find((line) => /^error/i.test(line)) ?? said.at(-1) ?? `no end within ${longestMs} ms`
}
