import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { startRaw, startSmtp } from '../kinds/email/server.ts'
import { temporaryFolder } from '../support/folder.ts'
import { ChildProcess, freePort } from '../support/process.ts'
import { json, told } from './rig.ts'

const main = join(import.meta.dir, '../../src/examples/fastapi/main.ts')
const root = join(import.meta.dir, '../..')

/** The example as it is started, with a mail server of the test. */
class App extends ChildProcess {
  readonly url: string

  constructor(folder: string, smtp: number) {
    const port = freePort()
    super([process.execPath, main], root, {
      PORT: String(port),
      DATABASE: join(folder, 'app.db'),
      NOTES: join(folder, 'notes'),
      SMTP: `smtp://127.0.0.1:${smtp}?from=shop@example.com`,
    })
    this.url = `http://127.0.0.1:${port}`
  }
}

test('a welcome goes out after the response, though the process was killed in between', async () => {
  using folder = temporaryFolder()
  // One that takes connections and never says a word: nothing that comes after the mail can have run.
  const silent = await startRaw(() => {})
  await using first = new App(folder.path, silent.port)
  await first.stdout.line(/Listening/)
  const signup = json('POST', { email: 'ada@example.com' })
  const accepted = await told(fetch(`${first.url}/signup`, signup))
  expect(accepted).toEqual([202, { message: 'A welcome is on its way', job: expect.any(String) }])
  await first.kill('SIGKILL')
  expect(first.stdout.text).not.toContain('Welcomed')
  await silent.stop()

  const smtp = await startSmtp()
  await using second = new App(folder.path, smtp.port)
  expect(await second.stdout.line(/Welcomed/)).toBe('Welcomed ada@example.com')
  expect(smtp.mails).toMatchObject([{ from: 'shop@example.com', to: ['ada@example.com'] }])
  expect(smtp.last.raw).toContain('Subject: Welcome')
  expect(await second.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  await smtp.stop()
}, 20_000)
