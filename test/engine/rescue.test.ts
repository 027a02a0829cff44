import { describe, expect, test } from 'bun:test'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { jobOf, type Rig, startEngine } from '../support/engine.ts'
import { temporaryFolder } from '../support/folder.ts'

/** Runs an engine on the file until `work` is done, then dies: the store is closed under it, and nothing is settled. */
const untilDeath = async <T>(file: string, work: (rig: Rig) => Promise<T>): Promise<T> => {
  const store = openSqlite({ file })
  const done = await work(await startEngine({ store }))
  await store.close()
  return done
}

const reopen = async (file: string) => {
  const store = openSqlite({ file })
  const rig = await startEngine({ store })
  return {
    rig,
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]()
      await store.close()
    },
  }
}

describe('after a crash', () => {
  test('what ran is rescued and runs again as the next attempt, and what had ended stays as it was', async () => {
    using folder = temporaryFolder()
    const job = await untilDeath(folder.file('sheaf.db'), async (rig) => {
      const job = await rig.submit(jobOf(4))
      const [one, two] = await rig.script.started(4)
      one?.succeed('kept')
      two?.fail()
      await rig.settle()
      return job
    })

    await using later = await reopen(folder.file('sheaf.db'))
    const { rig } = later
    expect(rig.logs).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: { rescued: 2 }, message: expect.any(String) }),
    )
    const runs = await rig.script.started(2)
    expect(runs.map(({ context }) => [context.index, context.attempt])).toEqual([
      [2, 2],
      [3, 2],
    ])
    await rig.clock.advance(500)
    const [, , retried] = await rig.script.started(3)
    expect([retried?.context.index, retried?.context.attempt]).toEqual([1, 2])
    for (const run of rig.script.runs) run.succeed('again')
    expect(await rig.ended(job)).toMatchObject({ state: 'succeeded', counts: { succeeded: 4 } })
    expect((await rig.tasks(job)).map(({ output }) => output)).toEqual([
      '"kept"',
      '"again"',
      '"again"',
      '"again"',
    ])
  })

  test('a rescue spends no attempt', async () => {
    using folder = temporaryFolder()
    const job = await untilDeath(folder.file('sheaf.db'), async (rig) => {
      const job = await rig.submit(jobOf(1, { defaults: { retry: { attempts: 1 } } }))
      await rig.script.started(1)
      return job
    })
    await using later = await reopen(folder.file('sheaf.db'))
    const { rig } = later
    ;(await rig.script.nth(1)).succeed()
    expect((await rig.ended(job)).counts.succeeded).toBe(1)
    expect(await rig.store.failures(await rig.read(job), 0)).toEqual([])
  })

  test('a task that was running at four crashes fails, and the engine goes on', async () => {
    using folder = temporaryFolder()
    const first = await untilDeath(folder.file('sheaf.db'), async (rig) => {
      const job = await rig.submit(jobOf(1))
      await rig.script.started(1)
      return job
    })
    for (let crash = 2; crash <= 4; crash += 1)
      await untilDeath(folder.file('sheaf.db'), async (rig) => {
        const run = await rig.script.nth(1)
        expect(run.context.attempt).toBe(crash)
      })

    await using later = await reopen(folder.file('sheaf.db'))
    const { rig } = later
    expect(await rig.ended(first)).toMatchObject({ state: 'succeeded', counts: { failed: 1 } })
    const [task] = await rig.tasks(first)
    expect(JSON.parse(task?.error ?? '')).toMatchObject({ code: 'rescued_too_often' })
    expect(rig.script.runs).toEqual([])
    const second = await rig.submit(jobOf(1))
    ;(await rig.script.nth(1)).succeed()
    expect(await rig.ended(second)).toMatchObject({ state: 'succeeded' })
  })

  test('a job that was being stopped is stopped to its end', async () => {
    using folder = temporaryFolder()
    const job = await untilDeath(folder.file('sheaf.db'), async (rig) => {
      const job = await rig.submit(jobOf(6_000, { concurrency: 1 }))
      await rig.script.started(1)
      await rig.act('cancel', job)
      return job
    })
    await using later = await reopen(folder.file('sheaf.db'))
    const { rig } = later
    await rig.settle()
    expect(await rig.ended(job)).toMatchObject({ state: 'cancelled', counts: { cancelled: 6_000 } })
    expect(rig.script.runs).toEqual([])
  })

  test('everything acknowledged is there again: submissions, pauses, results', async () => {
    using folder = temporaryFolder()
    const [queued, paused] = await untilDeath(folder.file('sheaf.db'), async (rig) => {
      const jobs = [
        await rig.submit(jobOf(100, { concurrency: 1, labels: { team: 'growth' } })),
        await rig.submit(jobOf(2)),
      ] as const
      await rig.engine.act({ type: 'pause', job: jobs[1].id })
      return jobs
    })
    await using later = await reopen(folder.file('sheaf.db'))
    const { rig } = later
    await rig.settle()
    expect(await rig.read(queued)).toMatchObject({ counts: { total: 100 }, labels: { team: 'growth' } })
    expect(await rig.read(paused)).toMatchObject({ state: 'paused' })
    expect(rig.script.runs.every(({ context }) => context.job === queued.id)).toBe(true)
  })
})
