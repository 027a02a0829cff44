import { dlopen, FFIType, ptr, read } from 'bun:ffi'
import { readdirSync } from 'node:fs'

/** Of sys/ptrace.h and sys/wait.h; the same on x64 and arm64. */
const request = {
  cont: 7,
  syscall: 24,
  seize: 0x4206,
  interrupt: 0x4207,
  listen: 0x4208,
  syscallInfo: 0x420e,
}
const option = { goodSyscalls: 0x1, clones: 0x8, exitKill: 0x100000 }
const eventStop = 128
const anyThread = 0x40000000
const sigTrap = 5
const syscallTrap = sigTrap | 0x80
const noSuchProcess = 3

/** struct ptrace_syscall_info of linux/ptrace.h */
const info = { bytes: 88, op: 0, number: 24, arguments: 32, result: 24, entry: 1, exit: 2 }

const openLibc = () =>
  dlopen('libc.so.6', {
    ptrace: { args: [FFIType.i32, FFIType.i32, FFIType.u64, FFIType.u64], returns: FFIType.i64 },
    waitpid: { args: [FFIType.i32, FFIType.ptr, FFIType.i32], returns: FFIType.i32 },
    __errno_location: { args: [], returns: FFIType.ptr },
  }).symbols

/** A system call that begins, or that has returned. */
export type Stop =
  | { type: 'entry'; thread: number; number: number; arguments: readonly number[] }
  | { type: 'exit'; thread: number; result: number }

/**
 * Stops every thread of a process at every system call, and shows it. The process has to be a child of this one, as
 * machines are often set to allow no more (Yama's ptrace_scope 1); without that right it throws. It waits for system calls and not for
 * events: nothing else happens in this process until the other has ended.
 */
export const trace = (pid: number, show: (stop: Stop) => void): void => {
  const libc = openLibc()
  const status = new Int32Array(1)
  const record = new DataView(new ArrayBuffer(info.bytes))
  // The kernel writes to it: its address has to be asked for once, while it cannot move.
  const recordAt = ptr(record)

  const ask = (what: number, thread: number, address = 0, data = 0): number =>
    Number(libc.ptrace(what, thread, address, data))
  const error = () => {
    const at = libc.__errno_location()
    return at === null ? 0 : read.i32(at)
  }

  const seizeAll = () => {
    const seized = new Set<number>()
    for (let before = -1; before < seized.size; ) {
      before = seized.size
      for (const thread of readdirSync(`/proc/${pid}/task`).map(Number)) {
        if (seized.has(thread)) continue
        seized.add(thread)
        const options = option.goodSyscalls | option.clones | option.exitKill
        if (ask(request.seize, thread, 0, options) === 0) ask(request.interrupt, thread)
        // Any other was traced before, as the child of one that is; or has ended already.
        else if (thread === pid && error() !== noSuchProcess)
          throw new Error(`This machine lets no process trace its child (ptrace: error ${error()})`)
      }
    }
  }

  const look = (thread: number): Stop | undefined => {
    if (ask(request.syscallInfo, thread, info.bytes, recordAt) < 0) return undefined
    const long = (at: number) => Number(record.getBigInt64(at, true))
    switch (record.getUint8(info.op)) {
      case info.entry: {
        const values = [0, 1, 2, 3, 4, 5].map((i) => long(info.arguments + 8 * i))
        return { type: 'entry', thread, number: long(info.number), arguments: values }
      }
      case info.exit:
        return { type: 'exit', thread, result: long(info.result) }
      default:
        return undefined
    }
  }

  seizeAll()
  for (;;) {
    const thread = libc.waitpid(-1, ptr(status), anyThread)
    if (thread < 0) return
    const [word = 0] = status
    if ((word & 0xff) !== 0x7f) {
      if (thread === pid) return
      continue
    }
    const signal = (word >> 8) & 0xff
    const event = word >> 16
    if (signal === syscallTrap) {
      const stop = look(thread)
      if (stop) show(stop)
      ask(request.syscall, thread)
    } else if (event === eventStop && signal !== sigTrap) ask(request.listen, thread)
    else ask(request.syscall, thread, 0, event === 0 ? signal : 0)
  }
}
