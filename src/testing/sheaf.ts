import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocal, type LocalSheaf } from '../plugin/local.ts'
import { mount, type Plugin } from '../plugin/mount.ts'
import { type defaultPrefix, readOptions, type SheafOptions } from '../plugin/options.ts'
import { prefixOf } from '../plugin/plugin.ts'
import { Running } from '../plugin/running.ts'
import { type FakeClock, fakeClock } from './clock.ts'
import { driver } from './drive.ts'
import { RealWork } from './real-work.ts'

export interface TestSheafOptions<Prefix extends string = string> extends SheafOptions<Prefix> {
  /** Default: one that stands at the beginning of 2026. */
  clock?: FakeClock
}

/** A Sheaf of its own for one test; dispose of it with `await using`. */
export interface TestSheaf<Prefix extends string = string> extends LocalSheaf, AsyncDisposable {
  /** The time of everything in it. It stands still, but for what the test does with it, and what `settled()` of a job does. */
  readonly clock: FakeClock
  /** What an app is to use in place of `sheaf(options)`. */
  readonly plugin: Plugin<Prefix>
}

/**
 * A Sheaf in memory, with a clock that the test drives. Tasks may reach this machine (`egressAllow`), stops wait for nothing
 * (`graceMs`), and nothing is logged, unless the options say otherwise. Throws a ConfigError for an option that cannot be used.
 */
export const testSheaf = <const Prefix extends string = typeof defaultPrefix>({
  clock = fakeClock(),
  ...options
}: TestSheafOptions<Prefix> = {}): TestSheaf<Prefix> => {
  const folder = mkdtempSync(join(tmpdir(), 'sheaf-test-'))
  const work = new RealWork()
  const running = new Running({
    ...readOptions({
      database: ':memory:',
      artifacts: folder,
      egressAllow: '127.0.0.0/8,[::1],localhost',
      graceMs: 0,
      log: 'silent',
      ...options,
    }),
    clock,
    wrapKinds: (kinds) => work.watch(kinds),
    watch: false,
    drive: driver(clock, work),
  })
  return {
    ...createLocal(running),
    clock,
    plugin: mount(running, prefixOf(options)),
    async [Symbol.asyncDispose]() {
      await running.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
