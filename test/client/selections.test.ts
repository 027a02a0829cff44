import { describe, expect, test } from 'bun:test'
import { call, sleep } from '../../src/client.ts'
import { startServer } from '../support/server.ts'
import { Chronicle } from './support/chronicle.ts'
import { createGate } from './support/gate.ts'
import { connect, failOnLeaks, watched } from './support/leaks.ts'

failOnLeaks()

describe('a watch of a selection', () => {
  test('tells of each of its jobs, those made meanwhile included, through a restart of the server', async () => {
    const gate = createGate()
    const open = watched()
    await using server = await startServer({ handlers: [gate.handler] })
    const sheaf = connect(server.url, { ...open.options, buffer: 3 })
    const submit = (n: number) => sheaf.submit([sleep(0), call('gate', `${n}`)], { name: 'enrich' })
    await sheaf.submit([sleep(0)], { name: 'other' })
    await submit(0)
    let restarted: Awaited<ReturnType<typeof startServer>> | undefined
    const ends = new Map<string, Chronicle>()
    const over = () => [...ends.values()].filter(({ finished }) => finished).length
    for await (const event of sheaf.watch({ name: 'enrich' })) {
      const chronicle = ends.get(event.job) ?? new Chronicle()
      ends.set(event.job, chronicle)
      chronicle.take(event)
      if (restarted === undefined) {
        await Promise.all([1, 2, 3, 4].map(submit))
        await server.stop()
        restarted = await startServer({
          env: { PORT: String(server.port), SHEAF_DATABASE: server.database },
          handlers: [gate.handler],
        })
        await Promise.all([5, 6].map(submit))
        for (const n of [0, 1, 2, 3, 4, 5, 6]) gate.succeed(`${n}`)
      }
      if (over() === 7) break
    }
    expect(ends.size).toBe(7)
    await restarted?.[Symbol.asyncDispose]()
  })
})
