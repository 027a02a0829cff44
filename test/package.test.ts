import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { dirname, join } from 'node:path'
import manifest from '../package.json'
import { temporaryFolder } from './support/folder.ts'
import { startUpstream } from './support/upstream.ts'

const root = join(import.meta.dir, '..')
const readme = await Bun.file(join(root, 'README.md')).text()
const examples = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].flatMap(([, code = '']) => code)
/** A block of the README, for a server on any port and an upstream on this machine. */
const example = (having: string) =>
  (examples.find((code) => code.includes(having)) ?? '')
    .replaceAll('https://api.example.com', upstream.url)
    .replace("prefix: '/gather'", "prefix: '/gather', egressAllow: '127.0.0.1,localhost'")
    .replace('.listen(3000)', '.listen(0)')

const folder = temporaryFolder()
const empty = folder.file('')
let upstream: Awaited<ReturnType<typeof startUpstream>>
let packed: string[] = []

const run = async (command: string[], cwd: string) => {
  // `npm pack` runs scripts that run Bun.
  const PATH = `${dirname(process.execPath)}:${join(root, 'node_modules/.bin')}:${process.env.PATH}`
  const child = Bun.spawn(command, { cwd, env: { ...process.env, PATH }, stdout: 'pipe', stderr: 'pipe' })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  if ((await child.exited) !== 0) throw new Error(`${command.join(' ')}: ${out}${err}`)
  return out
}

beforeAll(async () => {
  upstream = await startUpstream()
  await run(['npm', 'pack', '--pack-destination', empty], root)
  const [tarball = ''] = await Array.fromAsync(new Bun.Glob('*.tgz').scan(empty))
  packed = (await run(['tar', '-tzf', tarball], empty)).trim().split('\n')
  await Bun.write(
    join(empty, 'package.json'),
    JSON.stringify({ name: 'empty', type: 'module', private: true }),
  )
  const { elysia, 'bun-types': types, typescript } = manifest.devDependencies
  const beside = [`elysia@${elysia}`, `bun-types@${types}`, `typescript@${typescript}`]
  await run([process.execPath, 'add', '--prefer-offline', `./${tarball}`, ...beside], empty)
  await Bun.write(join(empty, 'app.ts'), example("prefix: '/gather'"))
  await Bun.write(join(empty, 'users.ts'), example('sheaf.within(db)'))
  await Bun.write(join(empty, 'main.ts'), main)
  await Bun.write(join(empty, 'main-users.ts'), mainUsers)
  await Bun.write(join(empty, 'client.mjs'), client)
  await Bun.write(join(empty, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
}, 60_000)

afterAll(async () => {
  await upstream.stop()
  folder[Symbol.dispose]()
})

/** Uses the app as its own clients would, over its own port. */
const main = `import { treaty } from '@elysiajs/eden'
import { connect, sleep } from 'sheaf/client'
import { app } from './app.ts'

const url = \`http://localhost:\${app.server?.port}\`
const api = treaty<typeof app>(url)
const signup = await api.signup.post({ email: 'ada@example.com' })
const job: string = signup.data?.job ?? ''
const { sheaf } = app.decorator
const [result] = await sheaf.job<[string]>(job).results()
console.log(result.output satisfies string | undefined)
console.log(await (await fetch(\`\${url}/pair\`)).json())
const state: string | undefined = (await api.gather.jobs({ id: job }).get()).data?.state
console.log(state)
const client = connect(\`\${url}/gather\`)
console.log(await client.all([sleep(1)]))
await client.close()
await app.stop()
`

const mainUsers = `import { treaty } from '@elysiajs/eden'
import { app } from './users.ts'

const api = treaty<typeof app>(\`http://localhost:\${app.server?.port}\`)
const { data } = await api.users.post({ email: 'ada@example.com' })
const job = app.decorator.sheaf.job<[string]>(data?.job ?? '')
while ((await job.snapshot().catch(() => undefined)) === undefined) await new Promise(setImmediate)
console.log((await job.results())[0].output)
await app.stop()
`

const client = `import { connect, sleep } from 'sheaf/client'
console.log(typeof connect, JSON.stringify(sleep(1)))
`

const compilerOptions = {
  strict: true,
  noUnusedLocals: true,
  target: 'ESNext',
  module: 'ESNext',
  moduleResolution: 'bundler',
  allowImportingTsExtensions: true,
  types: ['bun-types'],
  skipLibCheck: true,
  noEmit: true,
}

describe('the package, installed from its tarball into an empty project', () => {
  test('holds what it needs and nothing else', () => {
    const allowed = [
      /^package\/(package\.json|README\.md|LICENSE|dist\/client\.js)$/,
      /^package\/dist\/types\/(src\/.+\.d\.ts|package\.json)$/,
      /^package\/src\/(?!examples\/).+\.(ts|js|sql|md)$/,
      /^package\/src\/store\/sqlite\/migrations\/meta\/.+\.json$/,
    ]
    expect(packed.filter((path) => !allowed.some((pattern) => pattern.test(path)))).toEqual([])
    for (const [name, target] of Object.entries(manifest.exports).flatMap(([, to]) => Object.entries(to)))
      expect({ name, target, packed }).toMatchObject({
        packed: expect.arrayContaining([target.replace('./', 'package/')]),
      })
  })

  test("runs the README's app: a background task, a gather, its routes, its client", async () => {
    const out = await run([process.execPath, 'main.ts'], empty)
    expect(out.trim().split('\n').slice(-4)).toEqual([
      'Welcome, ada@example.com!',
      '[ "User 1", "User 2" ]',
      'succeeded',
      '[ null ]',
    ])
  })

  test("runs the README's app that submits within its own transactions", async () => {
    expect(await run([process.execPath, 'main-users.ts'], empty)).toContain('Welcome, ada@example.com!')
  })

  test('has types that check, of the app for its own Eden client, too', async () => {
    expect(await run([process.execPath, 'node_modules/typescript/bin/tsc'], empty)).toBe('')
  }, 30_000)

  test('has a client that runs in Node', async () => {
    expect(await run(['node', 'client.mjs'], empty)).toBe('function {"kind":"sleep","ms":1}\n')
  })
})
