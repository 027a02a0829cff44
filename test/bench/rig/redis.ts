import { freePort } from '../../support/process.ts'
import { onExit } from './cleanup.ts'
import { said } from './said.ts'

/** A Redis, or what has taken its place, if there is one on this machine. */
export const findRedis = (): string | undefined =>
  Bun.which('redis-server') ?? Bun.which('valkey-server') ?? undefined

/** Its version, as it says it. */
export const redisVersion = (program: string): string => {
  const text = Bun.spawnSync([program, '--version']).stdout.toString()
  return /v=([\d.]+)/.exec(text)?.[1] ?? text.trim()
}

/** Starts one in the folder, with a log of what is written that is synced once a second; tells its address. */
export const startRedis = async (program: string, folder: string) => {
  const port = freePort()
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
  }
  const child = Bun.spawn(
    [program, ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const stop = onExit(async () => {
    child.kill('SIGKILL')
    await child.exited
  })
  await said(child.stdout, /Ready to accept connections/)
  return { url: `redis://127.0.0.1:${port}`, stop }
}
