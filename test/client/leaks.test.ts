import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { startServer } from '../support/server.ts'
import { jobId } from './support/events.ts'
import { connect, failOnLeaks, watched } from './support/leaks.ts'
import { startClient } from './support/rig.ts'

failOnLeaks()

/** Those of these run clients in processes of their own, or none. */
const exempt = /^(runtime\/|browser|types)/

describe('every test of the client', () => {
  test('is looked at when it is over, and makes its clients so that they can be', async () => {
    const files: string[] = []
    for await (const file of new Bun.Glob('**/*.test.ts').scan(import.meta.dir))
      if (!exempt.test(file)) files.push(file)
    expect(files.length).toBeGreaterThan(10)
    for (const file of files) {
      const source = await Bun.file(join(import.meta.dir, file)).text()
      expect(source, file).toContain('\nfailOnLeaks()\n')
      expect(source, file).not.toMatch(/\bconnect\b[^}]*\} from '[./]*src\/client\.ts'/)
    }
  })

  test('fails when a socket is left, and when a timer is', async () => {
    const open = watched()
    await using server = await startServer()
    const sheaf = connect(server.url, open.options)
    const job = await sheaf.submit([])
    const loop = sheaf.job(job.id).follow({ after: 'now' })
    await loop.next()
    // The job is over, so the socket closes; one that watches queues stays.
    const queues = sheaf.queues.watch('never')
    await queues.next()
    await expect(open.expectNothingOpen()).rejects.toThrow()
    await queues.return?.()
    await open.expectNothingOpen()

    const client = startClient()
    const waiting = client.sheaf.job(jobId).follow()
    const first = waiting.next()
    await client.clock.advance(0)
    expect(() => client.expectNothingOpen()).toThrow()
    await waiting.return?.()
    await first
  })
})
