import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryFolder } from '../support/folder.ts'

const limit = 300 * 1024 * 1024

describe('what waits costs no memory', () => {
  test('a process with a million queued tasks stays under 300 MB', async () => {
    using folder = temporaryFolder()
    const script = join(import.meta.dir, 'kit/fill.ts')
    const child = Bun.spawn([process.execPath, script, folder.file('sheaf.db')], { stdout: 'pipe' })
    const told: unknown = JSON.parse(await new Response(child.stdout).text())
    expect(await child.exited).toBe(0)
    expect(told).toMatchObject({ queued: 1_000_000 - 256, running: 256 })
    const { rss } = told as { rss: number }
    expect(rss).toBeLessThan(limit)
  }, 60_000)
})
