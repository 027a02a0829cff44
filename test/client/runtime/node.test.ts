import { expect, test } from 'bun:test'
import { temporaryFolder } from '../../support/folder.ts'
import { bundle } from '../support/bundle.ts'
import { startHost, token } from './host.ts'
import { found } from './program.ts'

test.each([
  ['over Server-Sent Events, where there is no WebSocket', []],
  ['over a WebSocket of the package ws', ['ws']],
])(
  'the client works in Node %s, through a restart of the server, and leaves nothing behind',
  async (_, args) => {
    using folder = temporaryFolder()
    await using host = await startHost()
    const program = folder.file('program.mjs')
    await Bun.write(program, await bundle('test/client/runtime/node.ts', 'node'))
    const child = Bun.spawn(['node', program, host.url, token, ...args], {
      stdout: 'pipe',
      stderr: 'inherit',
    })
    await Promise.race([host.restartWhenFollowed(), child.exited])
    // Of its own accord: a timer or a socket that is left would keep it.
    expect(await child.exited).toBe(0)
    const { observed, node, bun } = await new Response(child.stdout).json()
    expect(observed).toEqual(found)
    expect(Number(node.match(/\d+/)?.[0])).toBeGreaterThanOrEqual(20)
    expect(bun).toBe(false)
  },
)
