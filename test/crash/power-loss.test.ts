import { describe, expect, test } from 'bun:test'
import { temporaryFolder } from '../support/folder.ts'
import { Journal } from './journal.ts'
import { put, submit } from './rest.ts'
import { SocketWatcher } from './socket-watcher.ts'
import { StreamWatcher } from './stream-watcher.ts'
import { accountOf } from './trace/order.ts'
import { TracedServer } from './trace/traced-server.ts'

const lanes = 4
const jobsEach = 10
const outputs = ['a', 'b']
/** A task's output is stored when it ends, and nowhere before: in its input the letters stand the other way round. */
const outputOf = (job: string, name: string) => `mark-${job}-${name}`
const pattern = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mark-[a-z0-9]+-[a-z]'

/** Jobs from several clients at once, each followed over a socket and a stream to its end; and what the system calls say. */
const play = async (durability: 'full' | 'normal') => {
  using folder = temporaryFolder()
  await using server = await new TracedServer(folder.path, pattern, { SHEAF_DURABILITY: durability }).ready()
  const { url } = server
  const ids: string[] = []
  const told: string[] = []

  const lane = async (lane: number) => {
    for (let number = 0; number < jobsEach; number += 1) {
      const name = `${lane}x${number}`
      const tasks = outputs.map((output) => ({
        kind: 'call' as const,
        handler: 'reverse',
        input: { text: reversed(outputOf(name, output)) },
      }))
      await put(`${url}/queues/${name}`, { concurrency: 3 })
      const { id } = await submit(url, `key ${name}`, { tasks })
      ids.push(id)
      const journals = [new Journal('the socket'), new Journal('the stream')] as const
      const socket = new SocketWatcher(url, id, journals[0])
      const stream = new StreamWatcher(url, id, journals[1])
      await Promise.all(journals.map(({ finished }) => finished))
      socket.stop()
      stream.stop()
      told.push(...journals[0].ends.values().map(({ output }) => String(output)))
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_, i) => lane(i)))
  return { ids, told, account: accountOf(await server.stop()) }
}

const reversed = (text: string) => [...text].reverse().join('')

describe('acknowledged means synced', () => {
  test('in full, no answer and no event leaves before the fsync of its commit', async () => {
    const { ids, told, account } = await play('full')
    const { faults, sent, writes, syncs } = account
    expect(faults).toEqual([])
    expect(writes).toBeGreaterThan(syncs)
    expect(sent.answer).toEqual(new Set(ids))
    expect(told.length).toBe(lanes * jobsEach * outputs.length)
    expect([...sent.frame]).toEqual(expect.arrayContaining(told))
    expect([...sent.stream]).toEqual(expect.arrayContaining(told))
  }, 30_000)

  test('in normal, they leave before any fsync: a power cut may take back what was told', async () => {
    const { ids, told, account } = await play('normal')
    const { faults, sent, writes } = account
    expect(writes).toBeGreaterThan(0)
    expect(sent.answer).toEqual(new Set(ids))
    // Nearly all of them: a commit that is followed by a checkpoint is synced by that.
    const marks = [...ids, ...told]
    const early = marks.filter((mark) => faults.some((fault) => fault.startsWith(mark)))
    expect(early.length).toBeGreaterThan(0.9 * marks.length)
  }, 30_000)
})
