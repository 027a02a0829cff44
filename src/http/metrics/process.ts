import { readdir, readFile } from 'node:fs/promises'
import { type Family, one } from './family.ts'

/** What the process takes of the machine. What its system does not tell is undefined. */
export interface ProcessUsage {
  /** Since the epoch. */
  startedSeconds: number
  cpuSeconds: number
  residentBytes: number
  openFiles: number | undefined
  mostFiles: number | undefined
}

export const usageOfProcess = async (): Promise<ProcessUsage> => {
  const { user, system } = process.cpuUsage()
  return {
    startedSeconds: performance.timeOrigin / 1_000,
    cpuSeconds: (user + system) / 1_000_000,
    residentBytes: process.memoryUsage.rss(),
    openFiles: await countFiles(),
    mostFiles: await readMostFiles(),
  }
}

/** Under Linux; not on the event loop, as there may be 10,000. */
const countFiles = async (): Promise<number | undefined> => {
  const names = await readdir('/proc/self/fd').catch(() => undefined)
  return names?.length
}

const readMostFiles = async (): Promise<number | undefined> => {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const most = /^Max open files +(\d+)/m.exec(limits)?.[1]
  return most === undefined ? undefined : Number(most)
}

/** As every client library of Prometheus names them. */
export const processFamilies: readonly Family[] = [
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'When the process started, in seconds since the epoch.',
    read: ({ usage }) => one(usage.startedSeconds),
  },
  {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'CPU time that the process has used, in seconds.',
    read: ({ usage }) => one(usage.cpuSeconds),
  },
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Memory that the process has in use (RSS).',
    read: ({ usage }) => one(usage.residentBytes),
  },
  {
    name: 'process_open_fds',
    type: 'gauge',
    help: 'Files and connections that are open (Linux).',
    read: ({ usage }) => one(usage.openFiles),
  },
  {
    name: 'process_max_fds',
    type: 'gauge',
    help: 'How many of them there may be (Linux).',
    read: ({ usage }) => one(usage.mostFiles),
  },
]
