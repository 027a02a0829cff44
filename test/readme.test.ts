import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import manifest from '../package.json'
import { call, connect } from '../src/client.ts'
import { settings } from '../src/config.ts'
import { filesOf } from './kinds/email/parts.ts'
import { type Listener, startSmtp } from './kinds/email/server.ts'
import { Exposition } from './support/exposition.ts'
import { answerOf, ChildProcess, freePort } from './support/process.ts'
import { startServer, type TestServer } from './support/server.ts'
import { startUpstream } from './support/upstream.ts'

const root = join(import.meta.dir, '..')
const readme = await Bun.file(join(root, 'README.md')).text()
const handlers = join(root, 'src/examples/demo/handlers.ts')

interface Block {
  language: string
  code: string
  line: number
}

const blocks: Block[] = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map((match) => ({
  language: match[1] ?? '',
  code: match[2] ?? '',
  line: readme.slice(0, match.index).split('\n').length,
}))
const blocksIn = (language: string, having = '') =>
  blocks.filter((block) => block.language === language && block.code.includes(having))

interface Scraping {
  authorization?: { credentials: string }
  static_configs: unknown[]
}

/** Where blocks become files: inside the package, so that `sheaf` is found, and ignored by git. */
const folder = join(root, 'dist', 'readme')
let server: TestServer
let upstream: Awaited<ReturnType<typeof startUpstream>>
let smtp: Listener
let jobId = ''

const here = (code: string) =>
  code
    .replaceAll('http://localhost:3000', server.url)
    .replaceAll('ws://localhost:3000', server.url.replace('http', 'ws'))
    .replaceAll('https://api.example.com', upstream.url)
    .replaceAll('http:api.example.com', `http:${new URL(upstream.url).host}`)
    .replaceAll('http:api.*', `http:${new URL(upstream.url).host.slice(0, 4)}*`)

const run = async (command: string[], env: Record<string, string> = {}) => {
  const child = Bun.spawn(command, {
    cwd: root,
    env: { ...process.env, ...env },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return { code: await child.exited, out, err }
}

/** Runs a block as a shell would; where the machine has no curl, `support/curl.ts` does what the README asks of it. */
const runShell = (code: string) => {
  const path = Bun.which('curl') ? process.env.PATH : `${folder}:${process.env.PATH}`
  return run(['sh', '-ec', here(code)], { ID: jobId, PATH: path ?? '' })
}

const runTypeScript = async (name: string, code: string, command = [process.execPath]) => {
  const file = join(folder, name)
  await Bun.write(file, here(code))
  return run([...command, file])
}

beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  await Bun.write(
    join(folder, 'curl'),
    `#!${process.execPath}\nimport '${join(root, 'test/support/curl.ts')}'\n`,
  )
  chmodSync(join(folder, 'curl'), 0o755)
  upstream = await startUpstream()
  smtp = await startSmtp()
  server = await startServer({
    env: {
      SHEAF_SMTP: `smtp://127.0.0.1:${smtp.port}?from=sheaf@example.com`,
      SHEAF_WEBHOOK_SECRETS: /whsec_\w+/.exec(readme)?.[0] ?? '',
    },
    handlers: [(await import(handlers)).letters],
  })
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await smtp.stop()
  await upstream.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('the README', () => {
  test('reaches a first result within 25 lines', () => {
    expect(blocksIn('sh', '/results')[0]?.line).toBeLessThanOrEqual(25)
  })

  test('names only scripts that exist', () => {
    const named = [...readme.matchAll(/bun@[\d.]+ run (\w+)/g)].map((match) => match[1] ?? '')
    expect(named.length).toBeGreaterThan(0)
    expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(named))
  })

  test('submits a job with curl, and the job ends', async () => {
    const [submit] = blocksIn('sh', '"tasks"')
    const { out, err } = await runShell(submit?.code ?? '')
    const job: unknown = JSON.parse(out || err)
    expect(job).toMatchObject({ state: 'succeeded', counts: { total: 3, succeeded: 3 } })
    jobId = (job as { id: string }).id
  })

  test('gets the results with curl', async () => {
    const [results] = blocksIn('sh', '/results')
    const { out } = await runShell(results?.code ?? '')
    expect(JSON.parse(out).data).toMatchObject([
      { index: 0, key: 'user', state: 'succeeded', output: { status: 200, body: { id: 1 } } },
      { index: 1, key: 'posts', state: 'succeeded', output: { status: 200, body: { id: 2 } } },
      { index: 2, state: 'succeeded', output: null },
    ])
  })

  test('follows the job with curl', async () => {
    const [events] = blocksIn('sh', '/events')
    const { out } = await runShell(events?.code ?? '')
    expect(out).toContain('event: tasks')
    expect(out.trimEnd().split('\n\n').at(-1)).toContain('event: job')
  })

  test('follows the job over a WebSocket', async () => {
    const [watch] = blocksIn('ts', 'new WebSocket')
    const { out, code } = await runTypeScript('watch.ts', `const id = '${jobId}'\n${watch?.code}`)
    expect(out.trim().split('\n').sort()).toEqual(['0 succeeded', '1 succeeded', '2 succeeded'])
    expect(code).toBe(0)
  })

  test('takes results as they come with curl, and with the typed client', async () => {
    const [shell] = blocksIn('sh', 'order=completion')
    const lines = (await runShell(shell?.code ?? '')).out.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).index).sort()).toEqual([0, 1, 2])
    const [client] = blocksIn('ts', 'asCompleted')
    const { out, err } = await runTypeScript('completed.ts', client?.code ?? '')
    expect(err).toBe('')
    expect(out).toBe('first 200\nthen 0\n')
  })

  test('follows the jobs with a label, those to come included', async () => {
    const [watch] = blocksIn('ts', "label: 'team:growth'")
    const file = join(folder, 'team.ts')
    await Bun.write(file, here(watch?.code ?? ''))
    const child = Bun.spawn([process.execPath, file], { cwd: root, stdout: 'pipe' })
    const submit = () => {
      const body = JSON.stringify({ name: 'enrich', labels: { team: 'growth' }, tasks: [] })
      return fetch(`${server.url}/jobs`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      })
    }
    let out = ''
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      if (out === '') await submit()
      out += text
      if (/succeeded\nAll/.test(out)) break
    }
    child.kill()
    expect(out).toMatch(/^All told of, up to number \d+\nenrich succeeded\nAll told of, up to number \d+\n$/)
  })

  test('opens the channel as a page does, with a ticket', async () => {
    const [page] = blocksIn('ts', '/tickets')
    const { out, code } = await runTypeScript('page.ts', page?.code ?? '')
    expect(out).toBe('{"type":"pong"}\n')
    expect(code).toBe(0)
  })

  test('gathers with the typed client', async () => {
    const [client] = blocksIn('ts', 'sheaf.all(')
    const { out, err, code } = await runTypeScript('client.ts', client?.code ?? '')
    expect(err).toBe('')
    expect(out.split('\n')[0]).toBe('User 1 User 2')
    expect(out.trim().split('\n').slice(-2)).toEqual(['succeeded', '2'])
    expect(code).toBe(0)
  })

  test('watches many jobs with the typed client', async () => {
    const [client] = blocksIn('ts', 'sheaf.watch(')
    const { out, err, code } = await runTypeScript('watch-many.ts', client?.code ?? '')
    expect(err).toBe('')
    expect(out.trim().split('\n').sort()).toEqual(['0 succeeded', '1 succeeded', '2 succeeded'])
    expect(code).toBe(0)
  })

  test('defines a handler that a task can run', async () => {
    const [define] = blocksIn('ts', "name: 'thumbnail'")
    await Bun.write(join(folder, 'handlers.ts'), define?.code ?? '')
    await using own = await startServer({ handlers: [(await import(join(folder, 'handlers.ts'))).thumbnail] })
    const task = { kind: 'call', handler: 'thumbnail', input: { id: 7 } }
    const response = await fetch(`${own.url}/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', prefer: 'wait=10' },
      body: JSON.stringify({ tasks: [task] }),
    })
    const { id } = (await response.json()) as { id: string }
    const results = await (await fetch(`${own.url}/jobs/${id}/results`)).json()
    expect(results).toMatchObject({ data: [{ state: 'succeeded', output: 'thumbnails/7.png' }] })
  })

  test('streams a large job with curl', async () => {
    const [upload] = blocksIn('sh', 'x-ndjson')
    const { out, err } = await runShell(upload?.code ?? '')
    expect(JSON.parse(out || err)).toMatchObject({ name: 'naps', sealed: true, counts: { total: 3 } })
  })

  test('streams a large job with the typed client, and adds to one', async () => {
    const [client] = blocksIn('ts', 'naps()')
    const { out, err, code } = await runTypeScript('large.ts', client?.code ?? '')
    expect(err).toBe('')
    expect(out.trim().split('\n')).toEqual(['5000', '3'])
    expect(code).toBe(0)
  })

  test('makes tasks for items, and tasks after others', async () => {
    for (const { code } of [...blocksIn('json', '"each"'), ...blocksIn('json', '"after"')]) {
      const response = await fetch(`${server.url}/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', prefer: 'wait=10' },
        body: here(code),
      })
      const job: unknown = await response.json()
      expect(job).toMatchObject({ state: 'succeeded', counts: { failed: 0, cancelled: 0 } })
    }
    expect(filesOf(smtp.last)).toMatchObject([{ filename: 'report.pdf', contentType: 'application/pdf' }])
  })

  test('limits a queue with curl', async () => {
    const [limit] = blocksIn('sh', '/queues/')
    const { out, err } = await runShell(limit?.code ?? '')
    const queue: unknown = JSON.parse(out || err)
    const limits = {
      rate: { limit: 500, perMs: 60_000 },
      concurrency: 20,
      breaker: { failures: 0.5, of: 20, openMs: 30_000, probes: 1 },
    }
    const { host } = new URL(upstream.url)
    expect(queue).toMatchObject({ name: `http:${host}`, status: 'open', own: limits, limits })
  })

  test('pauses, watches and resumes a queue with the typed client', async () => {
    const [client] = blocksIn('ts', 'queues.watch')
    const { out, err, code } = await runTypeScript('queues.ts', client?.code ?? '')
    expect(err).toBe('')
    expect(out.trim().split('\n')).toEqual(['paused 50', 'open 50'])
    expect(code).toBe(0)
  })

  test('delays a job, which is made once', async () => {
    const [unique] = blocksIn('json', '"unique"')
    const post = (prefer: string) =>
      fetch(`${server.url}/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', prefer },
        body: here(unique?.code ?? ''),
      })
    const first = await post('wait=0')
    expect(first.status).toBe(202)
    const second = await post('wait=10')
    expect(second.headers.get('sheaf-unique')).toBe('existing')
    expect(second.headers.get('location')).toBe(first.headers.get('location'))
    expect(await second.json()).toMatchObject({ state: 'succeeded', counts: { succeeded: 2 } })
  })

  test('defines a handler that runs in a thread', async () => {
    const [define] = blocksIn('ts', 'thread:')
    await Bun.write(join(folder, 'threaded.ts'), define?.code ?? '')
    await Bun.write(
      join(folder, 'primes.ts'),
      'export default ({ below }: { below: number }) => [2, 3, 5, 7].filter((n) => n < below).length',
    )
    await using own = await startServer({ handlers: [(await import(join(folder, 'threaded.ts'))).primes] })
    const sheaf = connect(own.url)
    expect(await sheaf.all([call<number>('primes', { below: 6 })])).toEqual([3])
    await sheaf.close()
  })

  test('tells an app of a job, which verifies what it is told', async () => {
    const [app] = blocksIn('ts', 'standardwebhooks')
    const [submit] = blocksIn('sh', '"webhook"')
    const port = String(freePort())
    await Bun.write(join(folder, 'app.ts'), (app?.code ?? '').replace('4000', port))
    await using receiver = new ChildProcess([process.execPath, join(folder, 'app.ts')], root)
    const { status } = await answerOf(receiver, `http://localhost:${port}/`)
    expect(status).toBe(401)
    const { out, err } = await runShell((submit?.code ?? '').replace('4000', port))
    const { id } = JSON.parse(out || err)
    const [, webhookId, message] = /^(\S+) (.*)$/.exec(await receiver.stdout.line(/job\.succeeded/)) ?? []
    expect(webhookId).toStartWith('msg_')
    const data = { id, name: 'report', labels: { team: 'growth' }, links: { results: `/jobs/${id}/results` } }
    expect(JSON.parse(message ?? '')).toMatchObject({ type: 'job.succeeded', data })
  })

  test('does as one job what a flow or a chord does', async () => {
    const [chord] = blocksIn('ts', 'const chord')
    const { out, err } = await runTypeScript('chord.ts', chord?.code ?? '')
    expect(err).toBe('')
    expect(out).toStartWith('succeeded ')
    expect(out).toContain(JSON.stringify(JSON.stringify({ names: ['User 1', 'User 2'] })))
  })

  test('tests with bun test', async () => {
    const [own] = blocksIn('ts', 'bun:test')
    const { err, code } = await runTypeScript('testing.test.ts', own?.code ?? '', [
      process.execPath,
      'test',
      '--root',
      folder,
    ])
    expect(err).toContain('1 pass')
    expect(code).toBe(0)
  })

  test('shows the problem that the server gives', async () => {
    const [problem] = blocksIn('json', 'tasks[0].ms')
    const response = await fetch(`${server.url}/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tasks: [{ kind: 'sleep', ms: -5 }] }),
    })
    expect(response.status).toBe(422)
    expect(await response.json()).toEqual(JSON.parse(problem?.code ?? ''))
  })

  test('tells Prometheus how to ask for the metrics', async () => {
    const [block] = blocksIn('yaml', 'scrape_configs')
    const { scrape_configs } = Bun.YAML.parse(block?.code ?? '') as { scrape_configs: Scraping[] }
    const [{ authorization, static_configs } = { static_configs: [] }] = scrape_configs
    expect(static_configs).toEqual([{ targets: ['localhost:3000'] }])
    const { credentials } = authorization ?? {}
    await using own = await startServer({ env: { SHEAF_TOKENS: `read:${credentials}` } })
    const headers = { authorization: `Bearer ${credentials}` }
    const response = await fetch(`${own.url}/metrics`, { headers })
    expect(new Exposition(await response.text()).value('sheaf_ready')).toBe(1)
  })

  test('lists every setting with its default and meaning', () => {
    const rows = Object.values(settings).map(
      ({ name, default: value, description }) =>
        `| \`${name}\` | ${value === undefined ? '' : `\`${value}\``} | ${description.replaceAll('|', '\\|')} |`,
    )
    const table = readme.split('| variable | default | meaning |\n|---|---|---|\n')[1]?.split('\n\n')[0] ?? ''
    expect(table.split('\n')).toEqual(rows)
  })
})
