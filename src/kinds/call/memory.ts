import { readFileSync } from 'node:fs'

/**
 * The memory of a process that is in RAM, in bytes; nothing if the process is gone. A limit on its address space would
 * be the kernel's to keep, but JavaScriptCore reserves over a terabyte of that at its start.
 */
export const residentBytes = async (pid: number): Promise<number | undefined> => {
  const kilobytes = process.platform === 'linux' ? linuxKilobytes(pid) : await posixKilobytes(pid)
  return Number.isInteger(kilobytes) ? kilobytes * 1_024 : undefined
}

/** 20 µs: the file is made as it is read. */
export const linuxKilobytes = (pid: number): number => {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return Number.NaN
  }
}

/** What POSIX offers instead takes a process, and some milliseconds. */
export const posixKilobytes = async (pid: number): Promise<number> => {
  const ps = Bun.spawn(['ps', '-o', 'rss=', '-p', String(pid)], { stderr: 'ignore' })
  return Number.parseInt(await new Response(ps.stdout).text(), 10)
}
