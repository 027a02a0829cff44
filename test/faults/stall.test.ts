import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { Type } from '@sinclair/typebox'
import { systemClock } from '../../src/clock.ts'
import { defineHandler } from '../../src/kinds/handler.ts'
import { createLog } from '../../src/log.ts'
import { temporaryFolder } from '../support/folder.ts'
import { freePort, ServerProcess, UpstreamProcess } from '../support/process.ts'
import { startServer } from '../support/server.ts'
import { ask, linesOf, submit, until } from './support/ask.ts'

describe('an event loop that stands still', () => {
  test('times out nothing that came meanwhile, loses nothing, and says how long it was', async () => {
    using folder = temporaryFolder()
    await using upstream = await UpstreamProcess.start(folder.path)
    const lines: string[] = []
    const log = createLog({
      level: 'warn',
      clock: systemClock,
      format: 'json',
      write: (line) => lines.push(line),
    })
    const block = defineHandler({
      name: 'block',
      input: Type.Number(),
      run: async (ms) => {
        // First the requests leave.
        await Bun.sleep(150)
        Bun.sleepSync(ms)
      },
    })
    await using server = await startServer({ handlers: [block], log })
    // They are answered after 600 ms, in the middle of the standstill, and their timeout is over before its end.
    const asking = { kind: 'http', url: `${upstream.url}/slow/600`, timeoutMs: 1_200 }
    const { body: asked } = await submit(server.url, {
      retry: { attempts: 1 },
      tasks: Array(20).fill(asking),
    })
    await until(server.url, `/jobs/${asked.id}`, ({ body }) => Object(body.counts).running === 20)
    const { body: blocking } = await submit(server.url, {
      tasks: [{ kind: 'call', handler: 'block', input: 2_500 }],
    })
    await until(server.url, `/jobs/${blocking.id}`, ({ body: { state } }) => state === 'succeeded')
    const { body } = await until(
      server.url,
      `/jobs/${asked.id}`,
      ({ body: { finishedAt } }) => finishedAt !== null,
    )
    expect(body).toMatchObject({ counts: { succeeded: 20 } })
    expect((await ask(server.url, '/readyz')).body).toEqual({ status: 'ok' })
    while (lines.length === 0) await Bun.sleep(10)
    const [line] = linesOf(lines.join('\n'), 'The event loop stood still')
    expect(line).toMatchObject({ level: 'warn' })
    expect(Number(line?.ms)).toBeWithin(1_500, 30_000)
  }, 15_000)

  test('still times out what nothing came for', async () => {
    using folder = temporaryFolder()
    await using upstream = await UpstreamProcess.start(folder.path)
    const block = defineHandler({ name: 'block', input: Type.Number(), run: (ms) => Bun.sleepSync(ms) })
    await using server = await startServer({ handlers: [block] })
    const { body: asked } = await submit(server.url, {
      retry: { attempts: 1 },
      tasks: [{ kind: 'http', url: `${upstream.url}/hang`, timeoutMs: 300 }],
    })
    await until(server.url, `/jobs/${asked.id}`, ({ body }) => Object(body.counts).running === 1)
    await submit(server.url, { tasks: [{ kind: 'call', handler: 'block', input: 700 }] })
    await until(server.url, `/jobs/${asked.id}`, ({ body: { finishedAt } }) => finishedAt !== null)
    const { body } = await ask(server.url, `/jobs/${asked.id}/tasks/0`)
    expect(body).toMatchObject({ state: 'failed', error: { code: 'timeout' } })
  }, 10_000)

  test('is told of while it lasts, with the handler that blocks it', async () => {
    using folder = temporaryFolder()
    const module = folder.file('handlers.ts')
    const sheaf = join(import.meta.dir, '../../src/index.ts')
    await Bun.write(
      module,
      `import { Type } from ${JSON.stringify(Bun.resolveSync('@sinclair/typebox', import.meta.dir))}
       import { defineHandler } from ${JSON.stringify(sheaf)}
       export const calm = defineHandler({ name: 'calm', input: Type.Null(), run: () => {} })
       export const spin = defineHandler({ name: 'spin', input: Type.Null(), run: () => { for (;;); } })`,
    )
    const env = { SHEAF_HANDLERS: module }
    await using server = await new ServerProcess(folder.path, freePort(), env).ready()
    const before = Date.now()
    // So soon that it has hardly said before what the time is.
    await submit(server.url, { delayMs: 100, tasks: [{ kind: 'call', handler: 'spin' }] })
    const line = await server.stderr.line(/The event loop is blocked/)
    const { at, ...said } = JSON.parse(line)
    expect(said).toMatchObject({ level: 'warn', handler: 'spin' })
    expect(Date.parse(at)).toBeGreaterThan(before)
    const probe = fetch(`${server.url}/livez`, { signal: AbortSignal.timeout(300) })
    expect(await probe.catch((error) => error.name)).toBe('TimeoutError')
  }, 10_000)
})
