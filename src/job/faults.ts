interface Words {
  /** Whether writing is tried again and again while it lasts; if not, nothing is written until it is over. */
  tries: boolean
  /** What is wrong, for everybody: it names no path. */
  reason: string
  /** What to do about it, for who runs the server. */
  advice: string
}

/** What can be wrong with a server so that it takes no jobs, by the `reason` that `/readyz` gives. */
export const faults = {
  disk_full: {
    tries: true,
    reason: 'The database cannot be written: the disk is full.',
    advice: 'Free space where the database is. Sheaf tries again twice a second and goes on by itself.',
  },
  disk_failed: {
    tries: true,
    reason: 'The database cannot be used: the disk reports an error.',
    advice:
      'Look at the disk, its quota, and the limit on the size of files (ulimit -f). Sheaf tries again twice a second and goes on by itself.',
  },
  read_only: {
    tries: true,
    reason: 'The database cannot be written: it is read-only.',
    advice:
      'Make the file, its folder and its disk writable for the user that Sheaf runs as. Sheaf tries again twice a second and goes on by itself.',
  },
  locked: {
    tries: true,
    reason: 'The database cannot be written: another program holds it locked.',
    advice:
      'End the transaction that the other program has open. Sheaf tries again twice a second and goes on by itself.',
  },
  cannot_open: {
    tries: true,
    reason: 'The database cannot be opened.',
    advice: 'See that its folder is there, and that the user whom Sheaf runs as may read and write in it.',
  },
  out_of_memory: {
    tries: true,
    reason: 'The database cannot be used: the machine has no memory left.',
    advice: 'Give the process more memory, or lower SHEAF_CONCURRENCY.',
  },
  corrupt: {
    tries: false,
    reason: 'The database is damaged, and nothing more is written to it.',
    advice:
      'Stop the server, keep the damaged file, restore a backup in its place, and start again. What can still be read is answered until then.',
  },
  replaced: {
    tries: false,
    reason: 'The file of the database was removed or replaced, and nothing more is written to it.',
    advice:
      'Put the file back, and Sheaf goes on by itself; or stop the server, put the right file there, and start again.',
  },
  out_of_files: {
    tries: true,
    reason: 'The process has as many files and connections open as it may.',
    advice:
      'Raise the limit (ulimit -n, LimitNOFILE), or lower SHEAF_CONCURRENCY. For half a minute no more tasks run than files could be opened for.',
  },
  internal: {
    tries: true,
    reason: 'The database cannot be written at the moment.',
    advice: 'This is a fault of Sheaf itself: please report it with this line of the log.',
  },
} as const satisfies Record<string, Words>

export type FaultCode = keyof typeof faults

/** What is not well although the server works, by the `code` that `/readyz` gives. */
export const warnings = {
  wal_growing: {
    reason: 'The log of the database grows, as something reads the database without an end.',
    advice:
      'End the long read, such as a backup or a shell with an open transaction. The log is folded in and cut short after that.',
  },
  clock_behind: {
    reason: 'The clock of the machine was set back.',
    advice: 'Nothing: the time of the server goes at half speed until the clock has caught up with it.',
  },
} as const satisfies Record<string, Omit<Words, 'tries'>>

export type WarningCode = keyof typeof warnings

/** The fault that an error out of the store tells of; undefined for one that tells of none. */
export const faultOf = (error: unknown): FaultCode | undefined => {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'fault') : undefined
  return typeof code === 'string' && isFault(code) ? code : undefined
}

const isFault = (code: string): code is FaultCode => Object.hasOwn(faults, code)
