import { readdirSync, readFileSync } from 'node:fs'

/** What the system knows of a process; Linux only. */
const read = (path: string): string => readFileSync(`/proc/${path}`, 'utf8')

/** The memory of a process that is in use, in MB (10⁶ bytes). */
export const memoryOf = (pid: number): number => {
  const kib = /^VmRSS:\s*(\d+) kB$/m.exec(read(`${pid}/status`))?.[1]
  return (Number(kib) * 1_024) / 1e6
}

/** How long the threads of a process have had a CPU since they began, in milliseconds. */
export const cpuMsOf = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + cpuNsOf(`${pid}/task/${thread}`), 0) / 1e6

/** Of a thread that has just ended, nothing. */
const cpuNsOf = (thread: string): number => {
  try {
    return Number(read(`${thread}/schedstat`).split(' ')[0])
  } catch {
    return 0
  }
}

/** Whether any of it can be known on this machine. */
export const knowsProcesses = process.platform === 'linux'
