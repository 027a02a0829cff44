import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { arm, failpoint, failpoints, failpointVariable } from '../src/failpoint.ts'
import { temporaryFolder } from './support/folder.ts'
import { ChildProcess } from './support/process.ts'

const module = join(import.meta.dir, '../src/failpoint.ts')
const main = join(import.meta.dir, '../src/main.ts')

/** Runs a program of its own that passes points and says so. */
const run = async (code: string) => {
  using folder = temporaryFolder()
  await using child = new ChildProcess(
    [process.execPath, '-e', `import { arm, failpoint } from '${module}'; ${code}`],
    folder.path,
  )
  return { exit: await child.ended, text: child.stdout.text }
}

/** Starts a server with the variable set, until it ends by itself. */
const start = async (value: string) => {
  using folder = temporaryFolder()
  await using server = new ChildProcess([process.execPath, main], folder.path, {
    PORT: '0',
    [failpointVariable]: value,
  })
  return { exit: await server.ended, stderr: server.stderr.text }
}

describe('a failpoint', () => {
  test('does nothing unless it is armed', async () => {
    for (const name of failpoints) failpoint(name)
    const { exit, text } = await run(`arm('before-commit'); failpoint('before-events'); console.log('lives')`)
    expect(exit).toEqual({ code: 0, signal: null })
    expect(text).toBe('lives\n')
  })

  test('kills its process when it is passed for the n-th time, before anything else happens', async () => {
    const { exit, text } = await run(
      `arm('before-commit:3'); for (let i = 1; i < 9; i++) { failpoint('before-commit'); console.log(i) }`,
    )
    expect(exit).toEqual({ code: null, signal: 'SIGKILL' })
    expect(text).toBe('1\n2\n')
  })

  test('costs next to nothing while it is not armed', () => {
    const rounds = 10_000_000
    const times = [0, 1, 2, 3, 4].map(() => {
      const from = Bun.nanoseconds()
      for (let i = 0; i < rounds; i += 1) failpoint('attempt-ended')
      return (Bun.nanoseconds() - from) / rounds
    })
    expect(Math.min(...times)).toBeLessThan(5)
  })

  test.each(['', 'nowhere', 'before-commit:0', 'before-commit:-1', 'before-commit:x', 'before-commit:1:1'])(
    'cannot be armed by %p',
    (text) => {
      expect(arm(text)).toBe(false)
    },
  )
})

describe('a server', () => {
  test('says where it could be killed when the point it is given does not exist', async () => {
    const { exit, stderr } = await start('nowhere')
    expect(exit).toEqual({ code: 1, signal: null })
    expect(stderr).toBe(
      `Expected "SHEAF_FAILPOINT" to be name or name:n, with n from 1 and a name of ${failpoints.join(', ')}, got "nowhere".\n`,
    )
  })

  test('says that it will kill itself, and does', async () => {
    const { exit, stderr } = await start('transaction-begun')
    expect(exit).toEqual({ code: null, signal: 'SIGKILL' })
    expect(stderr).toContain('This server will kill itself')
  })
})
