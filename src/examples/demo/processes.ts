import type { Subprocess } from 'bun'

const file = (name: string) => new URL(name, import.meta.url).pathname

/** Starts the upstream API; resolves with its address. */
export const startUpstream = async (): Promise<{ url: string; process: Subprocess }> => {
  const child = Bun.spawn([process.execPath, file('./upstream.ts')], { stdout: 'pipe', stderr: 'inherit' })
  const { value } = await child.stdout.getReader().read()
  return { url: `http://127.0.0.1:${new TextDecoder().decode(value).trim()}`, process: child }
}

/** Starts Sheaf itself, as `bun run start` does, and waits until it is ready. */
export const startSheaf = async (database: string, port: number): Promise<Subprocess> => {
  const child = Bun.spawn([process.execPath, file('../../main.ts')], {
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: String(port),
      SHEAF_DATABASE: database,
      SHEAF_EGRESS_ALLOW: '127.0.0.1',
      SHEAF_HANDLERS: file('./handlers.ts'),
      SHEAF_LOG: 'error',
      SHEAF_TOKENS: '',
    },
    stdout: 'ignore',
    stderr: 'inherit',
  })
  while (!(await isReady(port))) {
    if (child.exitCode !== null)
      throw new Error(`Sheaf stopped with code ${child.exitCode} before it was ready`)
    await Bun.sleep(20)
  }
  return child
}

const isReady = async (port: number): Promise<boolean> => {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok
  } catch {
    return false
  }
}

/** A port that is free now, so that Sheaf can come back to the same one. */
export const freePort = async (): Promise<number> => {
  const probe = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() })
  const { port } = probe
  await probe.stop(true)
  if (port === undefined) throw new Error('No port is free')
  return port
}
