import { expect, test } from 'bun:test'
import { join } from 'node:path'

test('the demo survives its own SIGKILL, gathers every result and exits with 0', async () => {
  const demo = Bun.spawn([process.execPath, 'src/examples/demo/demo.ts'], {
    cwd: join(import.meta.dir, '..'),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err] = await Promise.all([new Response(demo.stdout).text(), new Response(demo.stderr).text()])
  expect(err).toBe('')
  expect(out).toContain('Killing the server with SIGKILL')
  expect(out).toContain('Gathered 600 results: 593 succeeded, 7 failed.')
  expect(out).toContain('exactly once')
  expect(await demo.exited).toBe(0)
}, 60_000)
