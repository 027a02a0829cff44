import { dlopen, FFIType, ptr } from 'bun:ffi'

/** RLIMIT_FSIZE and RLIMIT_NOFILE, as Linux numbers them. */
const numbers = { fileSize: 1, openFiles: 7 }

/**
 * Sets a limit of another process of ours, while it runs (prlimit(2), Linux); by default back to the most it may have. Needs
 * no privilege: the hard limit stays as it is.
 */
export const limit = (pid: number, what: keyof typeof numbers, to?: bigint): void => {
  const { symbols, close } = dlopen('libc.so.6', {
    prlimit: { args: [FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.ptr], returns: FFIType.i32 },
  })
  try {
    const both = new BigUint64Array(2)
    const number = numbers[what]
    if (symbols.prlimit(pid, number, null, ptr(both)) !== 0) throw new Error('The limit cannot be read')
    both[0] = to ?? both[1] ?? 0n
    if (symbols.prlimit(pid, number, ptr(both), null) !== 0) throw new Error('The limit cannot be set')
  } finally {
    close()
  }
}
