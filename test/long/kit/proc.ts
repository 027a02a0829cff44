import { readdirSync, readFileSync } from 'node:fs'

/** What a process holds, by /proc. */
export interface Holdings {
  rss: number
  /** Open file descriptors. */
  files: number
  threads: number
}

export const holdingsOf = (pid: number): Holdings => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  return {
    rss: field('VmRSS') * 1_024,
    files: readdirSync(`/proc/${pid}/fd`).length,
    threads: field('Threads'),
  }
}
