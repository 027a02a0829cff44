import { describe, expect, test } from 'bun:test'
import { dirname, join } from 'node:path'
import biome from '../.biome.json'

const root = join(import.meta.dir, '../src')

/** Leaf files at the top of src/, which know of nothing that Sheaf does. */
const leaves = ['clock.ts', 'failpoint.ts', 'log.ts', 'loopback.ts', 'methods.ts', 'tokens.ts']

/** What is put together at the top, in `assemble.ts`: for a process by `serve.ts`, for an app of someone else's by `index.ts`. */
const parts = ['job/', 'store/', 'kinds/', 'engine/', 'http/', ...leaves]

/** What any part of the server may use. */
const common = ['@sinclair/typebox', 'node:', 'bun']
const web = ['elysia', '@elysiajs/', 'swagger-ui-dist']
const uploads = ['csv-parse', '@remix-run/multipart-parser']

/**
 * Who may import what at run time (DESIGN, §8); the first row that a file begins with is its law. A name that ends in
 * "/" or ":" stands for everything that begins with it, a package for its subpaths too. Type-only imports are free.
 */
const law: [area: string, mayImport: string[]][] = [
  ['job/', ['job/', '@sinclair/typebox']],
  ['store/', ['job/', 'store/', 'failpoint.ts', 'methods.ts', 'drizzle-orm', 'bun:sqlite', 'node:']],
  ['kinds/', ['job/', 'kinds/', 'ipaddr.js', 'nodemailer', ...leaves, ...common]],
  ['engine/', ['job/', 'engine/', 'kinds/', 'croner', ...leaves, ...common]],
  [
    'http/',
    [
      'job/',
      'kinds/',
      'http/',
      'engine/queue-view.ts',
      'engine/schedules/view.ts',
      'engine/turns.ts',
      'engine/view.ts',
      ...uploads,
      ...leaves,
      ...common,
      ...web,
      '../package.json',
    ],
  ],
  ['client.ts', ['job/', 'client/', 'clock.ts', '@elysiajs/eden']],
  ['client/', ['job/', 'client/', 'clock.ts', '@elysiajs/eden']],
  ['dashboard/', ['job/', 'client/', 'client.ts', 'dashboard/']],
  ['config/text.ts', []],
  [
    'config/',
    [
      'config/',
      'kinds/egress/allow.ts',
      'kinds/email/smtp.ts',
      'job/',
      'kinds/sql/source.ts',
      'kinds/webhook/secret.ts',
      ...leaves,
    ],
  ],
  ['config.ts', ['config/', 'job/', ...leaves]],
  ['clock.ts', []],
  ['failpoint.ts', []],
  ['log.ts', []],
  ['loopback.ts', []],
  ['methods.ts', []],
  ['tokens.ts', ['node:crypto']],
  ['assemble.ts', [...parts, 'config.ts', ...common]],
  ['serve.ts', [...parts, 'assemble.ts', 'config.ts', ...common]],
  [
    'plugin/',
    [
      'bun:sqlite',
      'drizzle-orm',
      ...parts,
      'plugin/',
      'assemble.ts',
      'client/',
      'config.ts',
      ...common,
      ...web,
    ],
  ],
  ['testing/', [...parts, 'testing/', 'plugin/', 'assemble.ts', ...common]],
  ['testing.ts', ['testing/']],
  ['index.ts', [...parts, 'plugin/', 'client/', 'config.ts', ...common, ...web]],
  ['main.ts', ['*']],
  ['cli/', ['*']],
  [
    'examples/',
    ['examples/', 'index.ts', 'client.ts', 'sheaf', 'bun:sqlite', 'drizzle-orm', ...common, ...web],
  ],
]

/** What only some files may touch; looked for in the code without its types and comments. */
const privileges: { what: RegExp; only: string[] }[] = [
  {
    what: /\bDate\.now\b|\bnew Date\b(?!\s*\(\s*[^\s)])|(?<!new )\bDate\(|\bMath\.random\b|\bperformance\.now\b|\bBun\.nanoseconds\b|\brandomUUIDv7\b/,
    only: ['clock.ts', 'examples/'],
  },
  {
    what: /\bprocess\.(env|exit)\b|\b(Bun|import\.meta)\.env\b|\bnode:process\b/,
    only: ['main.ts', 'cli/', 'examples/'],
  },
]

/** Areas that also run in a browser, where these do not exist. */
const browserSafe = ['job/', 'client.ts', 'client/', 'dashboard/']
const serverOnly = /\b(Bun|process|Buffer)\.\w|\bimport\.meta\.(dir|file|path|main)\b/

const longestFile = 300

const transpilers = {
  ts: new Bun.Transpiler({ loader: 'ts' }),
  tsx: new Bun.Transpiler({ loader: 'tsx' }),
}

const covers = (entry: string, name: string) =>
  entry === '*' || name === entry || name.startsWith(/[/:]$/.test(entry) ? entry : `${entry}/`)
const isIn = (areas: string[], file: string) => areas.some((area) => covers(area, file))

/** A path within src/, or the name of a package as it was written. */
const nameOf = (file: string, path: string) => (path.startsWith('.') ? join(dirname(file), path) : path)

const offencesOf = (file: string, source: string): string[] => {
  const mayImport = law.find(([area]) => covers(area, file))?.[1]
  if (!mayImport) return [`${file} has no law`]
  const transpiler = transpilers[file.endsWith('x') ? 'tsx' : 'ts']
  const imported = transpiler.scanImports(source).map(({ path }) => nameOf(file, path))
  const code = transpiler.transformSync(source)
  const held = privileges.filter(({ only }) => !isIn(only, file)).map(({ what }) => what)
  if (isIn(browserSafe, file)) held.push(serverOnly)
  return [
    ...imported.filter((name) => !isIn(mayImport, name)).map((name) => `${file} imports ${name}`),
    ...held.flatMap((what) => code.match(what)?.[0] ?? []).map((found) => `${file} has ${found}`),
  ]
}

/** The offences of a file that is there; one that cannot be read as TypeScript is named too. */
const judge = ([file, source]: [file: string, source: string]): string[] => {
  try {
    return offencesOf(file, source)
  } catch (error) {
    return [`${file} does not parse: ${error}`]
  }
}

const read = async () => {
  const sources: [file: string, source: string][] = []
  for await (const file of new Bun.Glob('**/*.{ts,tsx}').scan(root))
    sources.push([file, await Bun.file(join(root, file)).text()])
  return sources.toSorted()
}

describe('the source tree', () => {
  test('imports one way only, and leaves clock, chance, environment and exit to their owners', async () => {
    const sources = await read()
    expect(sources.length).toBeGreaterThan(0)
    expect(sources.flatMap(judge)).toEqual([])
  })

  test(`has no file of ${longestFile} lines`, async () => {
    const long = (await read()).filter(([, source]) => source.split('\n').length > longestFile)
    expect(long.map(([file]) => file)).toEqual([])
  })

  test('has no any: the linter forbids it, and no file calls the linter or the compiler off', async () => {
    expect(biome.linter.rules.suspicious.noExplicitAny).toBe('error')
    const calledOff =
      /@ts-(ignore|nocheck|expect-error)|biome-ignore.*(noExplicitAny|lint(\/suspicious)?\s*:)/
    const offenders = (await read()).filter(([, source]) => calledOff.test(source))
    expect(offenders.map(([file]) => file)).toEqual([])
  })
})

describe('the law', () => {
  test.each([
    ['job/a.ts', `import { Store } from '../store/store.ts'`, 'imports store/store.ts'],
    ['engine/a.ts', `import { open } from '../store/sqlite/store.ts'`, 'imports store/sqlite/store.ts'],
    ['engine/a.ts', `const open = await import('../store/store.ts')`, 'imports store/store.ts'],
    ['engine/a.ts', `export * from '../http/app.ts'`, 'imports http/app.ts'],
    ['engine/deep/a.ts', `import '../../config.ts'`, 'imports config.ts'],
    ['http/a.ts', `import { type Store, open } from '../store/store.ts'`, 'imports store/store.ts'],
    ['http/a.ts', `import { create } from '../engine/create.ts'`, 'imports engine/create.ts'],
    ['client.ts', `import { readFile } from 'node:fs'`, 'imports node:fs'],
    ['client/a.ts', `import { Elysia } from 'elysia'`, 'imports elysia'],
    ['client/a.ts', 'Bun.sleep(1)', 'has Bun.s'],
    ['kinds/a.ts', `import { Database } from 'bun:sqlite'`, 'imports bun:sqlite'],
    ['store/a.ts', `import { x } from 'drizzle-orm-extra'`, 'imports drizzle-orm-extra'],
    ['examples/a.ts', `import { x } from '../engine/create.ts'`, 'imports engine/create.ts'],
    ['engine/a.ts', 'let at = Date.now()', 'has Date.now'],
    ['engine/a.ts', 'let at = new Date()', 'has new Date'],
    ['engine/a.ts', 'let at = Math.random()', 'has Math.random'],
    ['engine/a.ts', 'let at = performance.now', 'has performance.now'],
    ['http/a.ts', 'let port = process.env.PORT', 'has process.env'],
    ['http/a.ts', 'process.exit(1)', 'has process.exit'],
    ['other/a.ts', '', 'has no law'],
  ])('forbids in %s: %s', (file, source, offence) => {
    expect(offencesOf(file, source)).toEqual([`${file} ${offence}`])
  })

  test.each([
    ['engine/a.ts', `import type { Store } from '../store/store.ts'`],
    ['engine/a.ts', `import { type Store } from '../store/store.ts'\nexport type { Store }`],
    ['engine/a.ts', `export type { Store } from '../store/store.ts'`],
    ['engine/a.ts', `type Store = import('../store/store.ts').Store`],
    ['engine/a.ts', `import { systemClock } from '../clock.ts'`],
    ['engine/a.ts', '// Date.now(), new Date()\nlet at = new Date(clock.now())'],
    ['engine/a.ts', 'process.exitCode = 1'],
    ['store/a.ts', `import { integer } from 'drizzle-orm/sqlite-core'`],
    ['client/a.ts', `import type { App } from '../http/app.ts'`],
    ['examples/a.ts', `import { sheaf } from 'sheaf'\nimport { connect } from 'sheaf/client'\nDate.now()`],
    ['main.ts', `import { config } from './config.ts'\nprocess.exit(1)`],
  ])('allows in %s: %s', (file, source) => {
    expect(offencesOf(file, source)).toEqual([])
  })
})
