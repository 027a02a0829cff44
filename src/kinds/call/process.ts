import { program } from './program.ts'
import type { Start } from './transport.ts'

/**
 * Through `env` it gets the environment of the server, as a handler in the loop has it, and the variable that makes a
 * compiled executable run as the `bun` that is in it. `--no-orphans` has it die with the server, however that dies.
 */
const command = ['env', 'BUN_BE_BUN=1', process.execPath, '--no-orphans', '--no-install', '-e', program]

/** Gives its first result after 11 ms and takes about 45 MB. Its memory is its own, and a crash of native code ends nothing else. */
export const startProcess: Start = ({ heard, ended }) => {
  const child = Bun.spawn(command, {
    stdio: ['ignore', 'inherit', 'inherit'],
    serialization: 'advanced',
    ipc: heard,
    onExit: (_, code, signal) =>
      ended(code === null ? `was ended by ${signal ?? 'a signal'}` : `exited with code ${code}`),
  })
  return {
    pid: child.pid,
    // The channel of a process that has just died throws; `ended` follows.
    send: (order) => void attempt(() => child.send(order)),
    hold: (held) => (held ? child.ref() : child.unref()),
    kill: () => child.kill('SIGKILL'),
  }
}

const attempt = (action: () => void): void => {
  try {
    action()
  } catch {}
}
