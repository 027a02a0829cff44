import { readFileSync } from 'node:fs'

/** The processes that a process has started and that have not ended. */
export const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)

/** How many hundredths of a second a process has run; undefined if it has ended, be it that nobody has taken note. */
export const ticksOf = (pid: number): number | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : Number(fields[11]) + Number(fields[12])
  } catch {
    return undefined
  }
}

/** Looks again and again, between turns of the event loop, until it holds. */
export const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await new Promise<void>((resolve) => setImmediate(resolve))
}
