import { onExit } from './cleanup.ts'
import { urlIn } from './sheaf.ts'

export const packages = 'python3-fastapi python3-uvicorn python3-httpx python3-uvloop python3-httptools'

/** Debian's own comes second: it has the packages, where one that is first on the PATH may not. */
const candidates = ['python3', '/usr/bin/python3']

/** A Python that has FastAPI and what the app needs, if there is one. */
export const findPython = (): string | undefined =>
  candidates.find((python) => {
    if (Bun.which(python) === null) return false
    const imports = 'import fastapi, uvicorn, httpx'
    return Bun.spawnSync([python, '-c', imports], { stdio: ['ignore', 'ignore', 'ignore'] }).success
  })

/** Which versions are measured, and whether with uvloop and httptools, which uvicorn takes when they are there. */
export const versionsOf = (python: string): string => {
  const script = `
import fastapi, uvicorn, httpx, importlib.util as u, platform
extras = [m for m in ("uvloop", "httptools") if u.find_spec(m)]
print(f"FastAPI {fastapi.__version__}, uvicorn {uvicorn.__version__} (one worker, {' and '.join(extras) or 'neither uvloop nor httptools'}), httpx {httpx.__version__}, Python {platform.python_version()}")`
  return Bun.spawnSync([python, '-c', script]).stdout.toString().trim()
}

/** Starts `processes/fastapi_app.py`, with a database if it is to be asked for rows; what connects before it serves waits. */
export const startFastapi = async (python: string, upstream: string, database = '') => {
  const app = `${import.meta.dir}/../processes/fastapi_app.py`
  const child = Bun.spawn([python, app, upstream, database], { stdio: ['ignore', 'pipe', 'inherit'] })
  const stop = onExit(async () => {
    child.kill('SIGKILL')
    await child.exited
  })
  const url = await urlIn(child.stdout)
  return { url, stop }
}
