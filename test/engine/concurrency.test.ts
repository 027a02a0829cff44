import { describe, expect, test } from 'bun:test'
import { jobOf, startEngine, tasksOf } from '../support/engine.ts'

describe('how many tasks run at once', () => {
  test('never more than the concurrency of the engine', async () => {
    await using rig = await startEngine({ concurrency: 3 })
    await rig.submit(jobOf(5))
    await rig.submit(jobOf(5))
    await rig.settle()
    expect(rig.script.runs.length).toBe(3)
  })

  test('never more than the concurrency of the job, and the rest is for other jobs', async () => {
    await using rig = await startEngine({ concurrency: 5 })
    const narrow = await rig.submit(jobOf(10, { concurrency: 2 }))
    const wide = await rig.submit(jobOf(10))
    await rig.settle()
    const of = ({ id }: { id: string }) => rig.script.runs.filter(({ context }) => context.job === id).length
    expect([of(narrow), of(wide)]).toEqual([2, 3])
  })

  test('a slot is refilled as soon as its task ends, however it ends', async () => {
    await using rig = await startEngine({ concurrency: 2 })
    await rig.submit(jobOf(6))
    const [first, second] = await rig.script.started(2)
    first?.succeed()
    await rig.script.started(3)
    second?.fail(false)
    const [, , third, fourth] = await rig.script.started(4)
    third?.snooze(1_000)
    await rig.script.started(5)
    fourth?.throw(new Error('a bug'))
    await rig.script.started(6)
    await rig.settle()
    expect(rig.script.runs.length).toBe(6)
  })

  test('a job at its own concurrency goes on when one of its tasks ends', async () => {
    await using rig = await startEngine({ concurrency: 10 })
    await rig.submit(jobOf(3, { concurrency: 1 }))
    for (const count of [1, 2, 3]) {
      const run = await rig.script.nth(count)
      await rig.settle()
      expect(rig.script.runs.length).toBe(count)
      run.succeed()
    }
  })

  test('of 2,000 tasks in ten jobs, at most the window was ever claimed at once, and each ran once', async () => {
    await using rig = await startEngine({ concurrency: 64 })
    const jobs = await Promise.all(
      Array.from({ length: 10 }, () => rig.submit(jobOf(200, { concurrency: 20 }))),
    )
    let done = 0
    while (done < 2_000) {
      await rig.settle()
      const running = rig.script.runs.slice(done)
      expect(running.length).toBeLessThanOrEqual(64)
      const [job] = jobs
      expect(running.filter(({ context }) => context.job === job?.id).length).toBeLessThanOrEqual(20)
      const ending = running.slice(0, 1 + (done % running.length))
      for (const run of ending) run.succeed()
      done += ending.length
    }
    for (const job of jobs) expect((await rig.ended(job)).counts.succeeded).toBe(200)
    expect(rig.script.runs.length).toBe(2_000)
    expect(rig.script.runs.every(({ context }) => context.attempt === 1)).toBe(true)
  })
})

test('a queue that is paused in the commit that claims of it starts nothing, and holds no place', async () => {
  await using rig = await startEngine({ concurrency: 4 })
  const [paused] = await Promise.all([rig.submit(jobOf(10)), rig.engine.limit('script', { paused: true })])
  await rig.settle()
  expect(rig.script.runs.length).toBe(0)
  expect((await rig.read(paused)).counts).toMatchObject({ queued: 10, running: 0 })
  const other = await rig.submit(jobOf(tasksOf('echo', 5)))
  await rig.settle()
  expect((await rig.read(other)).counts).toMatchObject({ succeeded: 5 })
})

describe('fair turns', () => {
  test('a small job that comes after a large one is served within two turns', async () => {
    await using rig = await startEngine({ concurrency: 32 })
    await rig.submit(jobOf(5_000))
    await rig.script.started(32)
    const small = await rig.submit(jobOf(4))
    for (const turn of [0, 16]) {
      for (const run of rig.script.runs.slice(turn, turn + 16)) run.succeed()
      await rig.settle()
    }
    const served = rig.script.runs.slice(32).filter(({ context }) => context.job === small.id)
    expect(served.length).toBe(4)
  })

  test('two jobs of one priority get the same share, whichever came first', async () => {
    await using rig = await startEngine({ concurrency: 32 })
    const jobs = [await rig.submit(jobOf(2_000)), await rig.submit(jobOf(2_000))]
    for (let done = 0; done < 1_000; done += 16) {
      await rig.script.started(done + 32)
      for (const run of rig.script.runs.slice(done, done + 16)) run.succeed()
    }
    const shares = jobs.map(
      ({ id }) => rig.script.runs.slice(0, 1_000).filter(({ context }) => context.job === id).length,
    )
    for (const share of shares) expect(Math.abs(share - 500)).toBeLessThanOrEqual(32)
  })

  test('no-op jobs that compete all end, and their tasks come out in input order', async () => {
    await using rig = await startEngine({ concurrency: 16 })
    const jobs = await Promise.all(
      [1, 5, 9].map((priority) => rig.submit(jobOf(tasksOf('echo', 300), { priority }))),
    )
    for (const job of jobs) {
      await rig.ended(job)
      const outputs = (await rig.tasks(job)).map(({ output }) => Number(output))
      expect(outputs).toEqual(Array.from({ length: 300 }, (_, index) => index))
    }
  })
})
