import { describe, expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { call, sleep } from '../../src/client.ts'
import { defineHandler } from '../../src/kinds/handler.ts'
import { temporaryFolder } from '../support/folder.ts'
import { startServer } from '../support/server.ts'
import { Chronicle } from './support/chronicle.ts'
import { createGate } from './support/gate.ts'
import { connect, failOnLeaks, watched } from './support/leaks.ts'

failOnLeaks()

const token = 'a-secret-of-more-than-16'
const unknownJob = '01900000-0000-7000-8000-000000000000'

const start = async (env: Record<string, string> = {}) => {
  const gate = createGate()
  const open = watched()
  const server = await startServer({ env, handlers: [gate.handler] })
  return { gate, open, server, sheaf: connect(server.url, open.options) }
}
const namesOf = (count: number) => Array.from({ length: count }, (_, index) => `task ${index}`)
const gated = (names: string[]) => names.map((name) => call<string>('gate', name))

describe('a loop over a job', () => {
  test('is told of every change once and in order, to the end', async () => {
    const { gate, open, server, sheaf } = await start()
    await using _ = server
    const names = namesOf(20)
    const job = await sheaf.submit(gated(names))
    const chronicle = new Chronicle()
    for await (const event of job) {
      chronicle.take(event)
      const name = names.pop()
      if (name !== undefined) gate.succeed(name)
    }
    chronicle.expectComplete(20)
    await open.expectNothingOpen()
  })

  test('begins from the beginning, however late', async () => {
    const { open, server, sheaf } = await start()
    await using _ = server
    const { id } = await sheaf.submit([sleep(0), sleep(0)])
    const job = sheaf.job(id.toUpperCase())
    await job.ended()
    for (const _ of [1, 2]) {
      const chronicle = new Chronicle()
      await chronicle.takeAll(job)
      chronicle.expectComplete(2)
    }
    await open.expectNothingOpen()
  })

  test('that begins now gets a snapshot, and what happens from then on', async () => {
    const { gate, open, server, sheaf } = await start()
    await using _ = server
    const job = await sheaf.submit(gated(['early', 'late']))
    gate.succeed('early')
    for await (const event of job) if (event.type === 'tasks' && event.counts.succeeded === 1) break
    const told: (number | string)[] = []
    for await (const event of job.follow({ after: 'now' })) {
      if (event.type === 'job') told.push(event.data.state)
      if (event.type === 'tasks') told.push(...event.data.map(({ index }) => index))
      gate.succeed('late')
    }
    expect(told).toEqual(['running', 1, 'succeeded'])
    await open.expectNothingOpen()
  })

  test('goes on where it was after a restart of the server, and so does a wait for the results', async () => {
    using folder = temporaryFolder()
    const env = { SHEAF_DATABASE: folder.file('sheaf.db') }
    const { gate, open, server, sheaf } = await start(env)
    const names = namesOf(12)
    const job = await sheaf.submit(gated(names))
    const all = sheaf.all(gated(['one', 'two']))
    const results = job.results()
    for (const name of ['one', ...names.slice(0, 5)]) gate.succeed(name)

    const chronicle = new Chronicle()
    let restarted: Awaited<ReturnType<typeof startServer>> | undefined
    for await (const event of job) {
      chronicle.take(event)
      if (chronicle.ends.size < 5 || restarted) continue
      await server.stop()
      restarted = await startServer({ env: { ...env, PORT: String(server.port) }, handlers: [gate.handler] })
      for (const name of ['two', ...names]) gate.succeed(name)
    }
    chronicle.expectComplete(12)
    expect((await results).map(({ output }) => output)).toEqual(names)
    expect(await all).toEqual(['one', 'two'])
    expect(open.opened).toBeGreaterThan(1)
    await open.expectNothingOpen()
    await restarted?.[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  test('that is slow is told everything all the same', async () => {
    const { gate, open, server } = await start()
    await using _ = server
    const sheaf = connect(server.url, { ...open.options, buffer: 1 })
    const names = namesOf(200)
    const job = await sheaf.submit(gated(names), { concurrency: 3 })
    const witness = new Chronicle()
    const witnessed = witness.takeAll(connect(server.url, open.options).job(job.id))
    const chronicle = new Chronicle()
    for (const name of names) gate.succeed(name)
    let turns = 0
    for await (const event of job) {
      chronicle.take(event)
      // It takes its third event when everything has happened.
      if (++turns === 2) await witnessed
    }
    chronicle.expectComplete(200)
    witness.expectComplete(200)
    await open.expectNothingOpen()
  })

  test('shares its socket with another, which outlives it', async () => {
    const { gate, open, server, sheaf } = await start()
    await using _ = server
    const [one, other] = await Promise.all([sheaf.submit(gated(['a'])), sheaf.submit(gated(['b']))])
    const chronicles = [new Chronicle(), new Chronicle()] as const
    const ended = [chronicles[0].takeAll(one), chronicles[1].takeAll(other)]
    gate.succeed('a')
    await ended[0]
    gate.succeed('b')
    await ended[1]
    for (const chronicle of chronicles) chronicle.expectComplete(1)
    expect(open.opened).toBe(1)
    await open.expectNothingOpen()
  })

  test('ends with the reason of its signal, and the job goes on', async () => {
    const { gate, open, server, sheaf } = await start()
    await using _ = server
    const job = await sheaf.submit(gated(['a']))
    const abort = new AbortController()
    const loop = (async () => {
      for await (const _ of job.follow({ signal: abort.signal })) abort.abort('seen enough')
    })()
    await expect(loop).rejects.toBe('seen enough')
    await open.expectNothingOpen()
    gate.succeed('a')
    expect((await job.ended()).state).toBe('succeeded')
    await open.expectNothingOpen()
  })

  test('is told of progress within a task', async () => {
    const gate = createGate()
    const open = watched()
    const steps = defineHandler({
      name: 'steps',
      input: Type.Null(),
      run: async (_, { progress }) => {
        await gate.ended('watched')
        progress({ done: 3, total: 10, message: 'resizing' })
        return gate.ended('told')
      },
    })
    await using server = await startServer({ handlers: [gate.handler, steps] })
    const job = await connect(server.url, open.options).submit([call(steps, null)])
    const told: unknown[] = []
    for await (const event of job) {
      gate.succeed('watched')
      if (event.type !== 'progress') continue
      told.push(event.data)
      gate.succeed('told')
    }
    expect(told).toEqual([[{ index: 0, done: 3, total: 10, message: 'resizing' }]])
    await open.expectNothingOpen()
  })

  test('over no job rejects with not_found', async () => {
    const { open, server, sheaf } = await start()
    await using _ = server
    await expect(new Chronicle().takeAll(sheaf.job(unknownJob))).rejects.toMatchObject({ code: 'not_found' })
    await expect(sheaf.job(unknownJob).ended()).rejects.toMatchObject({ code: 'not_found' })
    await expect(new Chronicle().takeAll(sheaf.job('no id at all'))).rejects.toMatchObject({
      code: 'invalid',
    })
    await open.expectNothingOpen()
  })

  test('after a seq that is yet to come rejects', async () => {
    const { open, server, sheaf } = await start()
    await using _ = server
    const job = await sheaf.submit([sleep(0)])
    await expect(new Chronicle().takeAll(job.follow({ after: 1_000 }))).rejects.toMatchObject({
      code: 'invalid',
    })
    await open.expectNothingOpen()
  })

  test('needs a token where the server does', async () => {
    const { open, server } = await start({ SHEAF_TOKENS: `submit:${token}` })
    await using _ = server
    const sheaf = connect(server.url, { ...open.options, token })
    const job = await sheaf.submit([sleep(0)])
    const chronicle = new Chronicle()
    await chronicle.takeAll(job)
    chronicle.expectComplete(1)
    for (const wrong of [{}, { token: 'another-secret-of-16' }]) {
      const stranger = connect(server.url, { ...open.options, ...wrong })
      await expect(stranger.job(job.id).ended()).rejects.toMatchObject({ code: 'unauthorized', status: 401 })
      await expect(stranger.submit([sleep(0)])).rejects.toMatchObject({ code: 'unauthorized', status: 401 })
    }
    await open.expectNothingOpen()
  })
})
