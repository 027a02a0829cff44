/**
 * What `bun run check` runs: installs what the lock file names, then format and lint, types, and tests. Imports nothing
 * that has to be installed first. The last line is always `N passed, N failed`, and the exit code is 0 only if all is well.
 */
import { join } from 'node:path'

const root = join(import.meta.dir, '..')
const bun = process.execPath
const bin = (name: string) => join(root, 'node_modules/.bin', name)

/** Far longer than any step takes; what hangs for longer is killed and has failed. */
const longestMs = 10 * 60_000

const coloured = process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }
const colours = process.stdout.isTTY ? [] : ['--colors=off']

interface Step {
  name: string
  command: string[]
}

const steps: Step[] = [
  { name: 'install', command: [bun, 'install', '--frozen-lockfile'] },
  { name: 'format and lint', command: [bun, bin('biome'), 'ci', ...colours, '.'] },
  { name: 'types', command: [bun, bin('tsc')] },
]
const tests: Step = { name: 'tests', command: [bun, 'test', '--coverage'] }

interface Ended {
  /** Why the step failed; undefined when it did not. */
  flaw: string | undefined
  /** What it wrote to stderr, without colours. */
  text: string
}

/** Runs a step with its output on the terminal. */
const run = async ({ command }: Step): Promise<Ended> => {
  const since = performance.now()
  const child = Bun.spawn(command, {
    cwd: root,
    // In CI mode a forgotten `test.only` fails instead of hiding the other tests.
    env: { ...process.env, ...coloured, CI: '1' },
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'pipe',
    timeout: longestMs,
    killSignal: 'SIGKILL',
  })
  const reader = child.stderr.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let written = Promise.resolve()
  const copied = (async () => {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      text += decoder.decode(read.value, { stream: true })
      written = write(read.value)
    }
  })()
  await child.exited
  const flaw = flawOf(child, performance.now() - since)
  // A process that a test left behind may hold the pipe open for ever: what it says no longer counts.
  await Promise.race([copied, Bun.sleep(1_000)])
  await reader.cancel()
  await written
  return { flaw, text: Bun.stripANSI(text) }
}

const write = (chunk: Uint8Array) =>
  new Promise<void>((resolve) => process.stderr.write(chunk, () => resolve()))

const flawOf = ({ exitCode, signalCode }: Bun.Subprocess, tookMs: number): string | undefined => {
  if (tookMs >= longestMs) return `no end within ${longestMs / 60_000} minutes`
  if (signalCode) return `ended by ${signalCode}`
  return exitCode === 0 ? undefined : `exit code ${exitCode}`
}

interface Tally {
  passed: number
  failed: number
}

/**
 * Reads the block of counts above the last `Ran 12 tests across 3 files.`; undefined if there is none, as when a test
 * ended the process. An error outside of a test counts as a failure.
 */
const tallyOf = (text: string): Tally | undefined => {
  const lines = text.trimEnd().split('\n')
  const last = lines.findLastIndex((line) => /^Ran \d+ tests? across \d+ files?\./.test(line))
  if (last < 0) return undefined
  const first = lines.findLastIndex((line, at) => at < last && !/^ *\d+ /.test(line)) + 1
  const block = lines.slice(first, last)
  const count = (what: RegExp) => block.reduce((sum, line) => sum + Number(what.exec(line)?.[1] ?? 0), 0)
  return { passed: count(/^ *(\d+) pass$/), failed: count(/^ *(\d+) (?:fail|errors?)$/) }
}

const started = performance.now()
const seconds = (since: number) => `${((performance.now() - since) / 1_000).toFixed(1)} s`

/** Runs a step between its headline and its time, and says how it failed, if it did. */
const take = async (
  step: Step,
  flawIn: (text: string) => string | undefined = () => undefined,
): Promise<Ended> => {
  console.log(`\n── ${step.name}`)
  const since = performance.now()
  const { flaw: ownFlaw, text } = await run(step)
  const flaw = ownFlaw ?? flawIn(text)
  console.log(`── ${step.name}: ${flaw ? `FAILED, ${flaw}` : 'ok'} (${seconds(since)})`)
  return { flaw, text }
}

/** What keeps tests that exited well from counting as a success. */
const flawOfTests = (text: string): string | undefined => {
  const tally = tallyOf(text)
  if (!tally) return 'they ended without a summary'
  if (tally.passed === 0) return 'none passed'
  return tally.failed > 0 ? 'not all passed' : undefined
}

const check = async (): Promise<Tally> => {
  for (const step of steps) if ((await take(step)).flaw) return { passed: 0, failed: 1 }
  const { flaw, text } = await take(tests, flawOfTests)
  const { passed, failed } = tallyOf(text) ?? { passed: 0, failed: 0 }
  return { passed, failed: flaw ? Math.max(1, failed) : failed }
}

const { passed, failed } = await check().catch((error: unknown) => {
  console.error(error)
  return { passed: 0, failed: 1 }
})
process.exitCode = failed === 0 ? 0 : 1
console.log(`\nchecked in ${seconds(started)}\n${passed} passed, ${failed} failed`)
