import { openSync, readSync } from 'node:fs'
import type { Call } from './syscalls.ts'

/** Longer than anything that is looked for. */
const mostBytes = 1 << 20

/** The memory of a process that is stopped in a system call. */
export class Memory {
  readonly #file: number

  constructor(pid: number) {
    this.#file = openSync(`/proc/${pid}/mem`, 'r')
  }

  /** What a system call was given to write or send. */
  given(call: Call, [, buffer = 0, length = 0]: readonly number[]): Buffer {
    switch (call) {
      case 'write':
        return this.#read(buffer, length)
      case 'writev':
        return this.#vectors(buffer, length)
      case 'sendmsg':
        return this.#message(buffer)
      case 'sendmmsg':
        return Buffer.concat(Array.from({ length }, (_, i) => this.#message(buffer + 64 * i)))
      case 'sync':
      case 'opaque':
        return Buffer.alloc(0)
      default:
        return call satisfies never
    }
  }

  /** struct msghdr: the vectors and their number come after the name and its length. */
  #message(at: number): Buffer {
    const header = this.#read(at, 32)
    return this.#vectors(long(header, 16), long(header, 24))
  }

  /** struct iovec: an address and a length each. */
  #vectors(at: number, count: number): Buffer {
    const list = this.#read(at, 16 * count)
    return Buffer.concat(
      Array.from({ length: count }, (_, i) => this.#read(long(list, 16 * i), long(list, 16 * i + 8))),
    )
  }

  #read(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(Math.min(length, mostBytes))
    let done = 0
    while (done < bytes.length) {
      const count = readSync(this.#file, bytes, done, bytes.length - done, at + done)
      if (count === 0) break
      done += count
    }
    return bytes
  }
}

const long = (bytes: Buffer, at: number) => Number(bytes.readBigUInt64LE(at))
