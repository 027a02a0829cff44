/** The system calls that write, send or sync, and what they are given. */
export type Call =
  /** `(fd, buffer, length, …)` */
  | 'write'
  /** `(fd, vectors, count, …)` */
  | 'writev'
  /** `(fd, message, flags)` */
  | 'sendmsg'
  /** `(fd, messages, count, flags)` */
  | 'sendmmsg'
  /** `(fd)` */
  | 'sync'
  /** What moves bytes in ways that cannot be read here: nobody must use it unnoticed. */
  | 'opaque'

/** By architecture: of asm/unistd.h. */
const numbers: Record<string, Record<number, Call>> = {
  x64: {
    1: 'write',
    18: 'write',
    20: 'writev',
    40: 'opaque',
    44: 'write',
    46: 'sendmsg',
    74: 'sync',
    75: 'sync',
    275: 'opaque',
    296: 'writev',
    307: 'sendmmsg',
    328: 'writev',
    426: 'opaque',
  },
  arm64: {
    64: 'write',
    66: 'writev',
    68: 'write',
    70: 'writev',
    71: 'opaque',
    76: 'opaque',
    82: 'sync',
    83: 'sync',
    206: 'write',
    211: 'sendmsg',
    269: 'sendmmsg',
    287: 'writev',
    426: 'opaque',
  },
}

export const callsOf = (architecture: string): Record<number, Call> => {
  const calls = process.platform === 'linux' ? numbers[architecture] : undefined
  if (calls === undefined)
    throw new Error(
      `System calls are traced on Linux, on x64 and arm64: not on ${process.platform}, ${architecture}`,
    )
  return calls
}
