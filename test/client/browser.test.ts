import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { bundle } from './support/bundle.ts'

const root = join(import.meta.dir, '../..')

const build = (target: 'browser' | 'node') => bundle('src/client.ts', target)

describe('the client in a bundle', () => {
  test.each(['browser', 'node'] as const)('for a %s needs nothing from outside itself', async (target) => {
    const code = await build(target)
    expect(new Bun.Transpiler({ loader: 'js' }).scanImports(code)).toEqual([])
    expect(code).not.toMatch(/\b(process|Buffer|require)\b/)
  })

  test('holds nothing of the server: neither Elysia nor TypeBox', async () => {
    const code = await build('browser')
    expect(code).not.toContain('typebox')
    // 43 KB, of which Eden is 8; 15 KB on the wire. The README says the bound.
    expect(Bun.gzipSync(code).length).toBeLessThan(16_000)
    expect(await Bun.file(join(root, 'README.md')).text()).toContain('under 16 KB gzipped')
  })

  test('runs where there is no Bun', async () => {
    const code = await build('browser')
    const context = {
      URL,
      Headers,
      AbortController,
      AbortSignal,
      crypto,
      setTimeout,
      clearTimeout,
      Date,
      Math,
    }
    const run = new Function(
      ...Object.keys(context),
      'Bun',
      'process',
      `${code.replace(/export\s*\{([^}]*)\}/, (_, names) => `return {${names.replace(/([\w$]+) as (\w+)/g, '$2: $1')}}`)}`,
    )
    const client = run(...Object.values(context), undefined, undefined)
    const keys: string[] = []
    const fetch = async (_: string, init: RequestInit) => {
      keys.push(new Headers(init.headers).get('idempotency-key') ?? '')
      return Response.json({ id: 'a', outcome: 'succeeded', data: [{ state: 'succeeded', output: 7 }] })
    }
    const sheaf = client.connect('http://localhost:3000', { fetch })
    expect(await sheaf.all([client.sleep(1)])).toEqual([7])
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/)
  })
})
