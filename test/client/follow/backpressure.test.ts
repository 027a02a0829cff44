import { describe, expect, test } from 'bun:test'
import { call, type Job } from '../../../src/client.ts'
import { startServer } from '../../support/server.ts'
import { Chronicle } from '../support/chronicle.ts'
import { createGate } from '../support/gate.ts'
import { connect, failOnLeaks, watched } from '../support/leaks.ts'

failOnLeaks()

/** Sockets that count what they hear, and know when the server has let go of so many jobs. */
const counting = (jobs: number) => {
  const open = watched()
  const letGo = Promise.withResolvers<void>()
  const passed = new Set<unknown>()
  let heard = 0
  class CountingSocket extends open.options.WebSocket {
    constructor(url: string, options?: never) {
      super(url, options)
      this.addEventListener('message', ({ data }) => {
        const message = JSON.parse(String(data))
        if (message.type === 'pong') passed.add(message.id)
        else heard += 1
        if (passed.size === jobs) letGo.resolve()
      })
    }
  }
  return {
    options: { ...open.options, WebSocket: CountingSocket },
    letGo: letGo.promise,
    get heard() {
      return heard
    },
  }
}

describe('a slow loop over many jobs', () => {
  test('is sent nothing while it takes nothing, and then all that it missed, a few jobs at a time', async () => {
    const gate = createGate()
    await using server = await startServer({ handlers: [gate.handler] })
    const other = connect(server.url)
    const count = 30
    const tasks = Array.from({ length: count }, (_, n) => ['a', 'b', 'c'].map((name) => `${name} of ${n}`))
    const jobs: Job[] = await Promise.all(
      tasks.map((names) => other.submit(names.map((name) => call('gate', name)))),
    )
    await gate.running(...tasks.flat())

    const sockets = counting(count)
    const loop = connect(server.url, { ...sockets.options, buffer: 4 }).watch(jobs)
    const chronicles = new Map(jobs.map(({ id }) => [id, new Chronicle()]))
    const first = await loop.next()
    if (!first.done) chronicles.get(first.value.job)?.take(first.value)
    // More happens than may wait: each job has something to say that there is no room for.
    for (const [a] of tasks) gate.succeed(a ?? '')
    await sockets.letGo
    const before = sockets.heard
    for (const name of tasks.flat()) gate.succeed(name)
    await Promise.all(jobs.map((job) => job.ended()))
    expect(sockets.heard).toBe(before)

    for await (const event of loop) chronicles.get(event.job)?.take(event)
    for (const chronicle of chronicles.values()) chronicle.expectComplete(3)
  })
})
