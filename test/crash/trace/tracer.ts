import { openSync, readlinkSync, writeSync } from 'node:fs'
import { Memory } from './memory.ts'
import type { Traced } from './order.ts'
import { trace } from './ptrace.ts'
import { callsOf } from './syscalls.ts'

// Starts the server given on the command line, and writes what it writes, sends and syncs, in that order, a line of JSON each.
// A process of its own, as it does nothing else until the server has ended. The first line of its output is the server's pid.

const [report = '', marks = '', ...command] = process.argv.slice(2)
const calls = callsOf(process.arch)
const pattern = new RegExp(marks, 'g')

const child = Bun.spawn(command, { stdio: ['ignore', 'inherit', 'inherit'] })
const { pid } = child
const memory = new Memory(pid)
const file = openSync(report, 'w')
const syncing = new Map<number, string>()

const tell = (traced: Traced) => writeSync(file, `${JSON.stringify(traced)}\n`)

const nameOf = (fd: number): string => {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`)
  } catch {
    return 'unknown'
  }
}

const isWatched = (name: string) => name.endsWith('-wal') || name.startsWith('socket:')

writeSync(1, `${pid}\n`)
trace(pid, (stop) => {
  const { thread } = stop
  if (stop.type === 'exit') {
    const wal = syncing.get(thread)
    syncing.delete(thread)
    if (wal !== undefined && stop.result === 0) tell({ type: 'synced', thread })
    return
  }
  const call = calls[stop.number]
  if (call === undefined) return
  if (call === 'opaque') tell({ type: 'opaque', thread, number: stop.number })
  const name = nameOf(stop.arguments[0] ?? -1)
  if (call === 'opaque' || !isWatched(name)) return
  if (call === 'sync') {
    syncing.set(thread, name)
    tell({ type: 'syncing', thread })
    return
  }
  const text = memory.given(call, stop.arguments).toString('latin1')
  const found = [...new Set(text.match(pattern))]
  if (name.endsWith('-wal')) tell({ type: 'written', thread, marks: found })
  else tell({ type: 'sent', thread, kind: kindOf(text), marks: found })
})

function kindOf(text: string): Extract<Traced, { type: 'sent' }>['kind'] {
  if (text.startsWith('HTTP/1.1 202 ')) return 'answer'
  if (/^event: tasks$/m.test(text)) return 'stream'
  if (text.includes('"type":"tasks"')) return 'frame'
  return 'other'
}
