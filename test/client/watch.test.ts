import { describe, expect, test } from 'bun:test'
import { call, type FollowEvent, type Job, sleep } from '../../src/client.ts'
import { startServer } from '../support/server.ts'
import { Chronicle } from './support/chronicle.ts'
import { createGate } from './support/gate.ts'
import { connect, failOnLeaks, watched } from './support/leaks.ts'

failOnLeaks()

/** What is told of each job. */
class Chronicles extends Map<string, Chronicle> {
  take(event: FollowEvent): void {
    const chronicle = this.get(event.job) ?? new Chronicle()
    this.set(event.job, chronicle)
    chronicle.take(event)
  }

  expectComplete(jobs: number, tasks: number): void {
    expect(this.size).toBe(jobs)
    for (const chronicle of this.values()) chronicle.expectComplete(tasks)
  }
}

describe('a watch of many jobs', () => {
  test('follows them as they are made, over one socket, each to its end', async () => {
    const open = watched()
    await using server = await startServer()
    const sheaf = connect(server.url, open.options)
    async function* jobs(): AsyncGenerator<Job> {
      for (let count = 0; count < 40; count += 1) yield await sheaf.submit([sleep(0), sleep(0)])
    }
    const told = new Chronicles()
    for await (const event of sheaf.watch(jobs())) told.take(event)
    told.expectComplete(40, 2)
    expect(open.opened).toBe(1)
  })

  test('goes on where it was after a restart of the server, with each of them', async () => {
    const gate = createGate()
    const open = watched()
    await using server = await startServer({ handlers: [gate.handler] })
    const sheaf = connect(server.url, open.options)
    const jobs = await Promise.all(
      [1, 2, 3, 4, 5].map((n) => sheaf.submit([sleep(0), call('gate', `${n}`), call('gate', `last ${n}`)])),
    )
    const told = new Chronicles()
    let restarted: Awaited<ReturnType<typeof startServer>> | undefined
    for (const n of [1, 2]) gate.succeed(`${n}`)
    for await (const event of sheaf.watch(jobs)) {
      told.take(event)
      const ends = [...told.values()].reduce((sum, chronicle) => sum + chronicle.ends.size, 0)
      if (ends < 7 || restarted) continue
      await server.stop()
      restarted = await startServer({
        env: { PORT: String(server.port), SHEAF_DATABASE: server.database },
        handlers: [gate.handler],
      })
      for (const n of [1, 2, 3, 4, 5]) for (const name of [`${n}`, `last ${n}`]) gate.succeed(name)
    }
    told.expectComplete(5, 3)
    await restarted?.[Symbol.asyncDispose]()
  })

  test('of a job that is not there ends with not_found', async () => {
    await using server = await startServer()
    const sheaf = connect(server.url)
    const job = await sheaf.submit([sleep(1_000_000)])
    const loop = sheaf.watch([job, '01900000-0000-7000-8000-000000000000'])
    const all = (async () => {
      for await (const event of loop) expect(event.job).toBe(job.id)
    })()
    await expect(all).rejects.toMatchObject({ code: 'not_found' })
  })
})
