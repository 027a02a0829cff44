import { describe, expect, test } from 'bun:test'
import { jobOf, type Rig, startEngine, taskOf } from '../support/engine.ts'

const fixedChance = async (options?: Parameters<typeof startEngine>[0]): Promise<Rig> => {
  const rig = await startEngine(options)
  rig.clock.random = () => 0.5
  return rig
}

const onlyTask = async (rig: Rig, job: { id: string }) => {
  const [task] = await rig.tasks(job)
  if (task === undefined) throw new Error('The job has no task')
  return task
}

const errorOf = (text: string | undefined): unknown => text && JSON.parse(text)

describe('a task that fails', () => {
  test('runs again when its backoff is over, and no sooner', async () => {
    await using rig = await fixedChance()
    const job = await rig.submit(jobOf(1, { defaults: { retry: { delayMs: 1_000 } } }))
    const first = await rig.script.nth(1)
    const start = rig.clock.now()
    first.fail()
    await rig.settle()
    expect(await onlyTask(rig, job)).toMatchObject({ state: 'queued', attempt: 1, runAt: start + 500 })
    await rig.clock.advance(499)
    expect(rig.script.runs.length).toBe(1)
    await rig.clock.advance(1)
    expect(rig.script.runs.length).toBe(2)
    rig.script.runs[1]?.fail()
    await rig.clock.advance(1_000)
    expect(rig.script.runs.map(({ context }) => context.attempt)).toEqual([1, 2, 3])
    rig.script.runs[2]?.succeed('at last')

    expect(await rig.ended(job)).toMatchObject({ state: 'succeeded' })
    expect(await onlyTask(rig, job)).toMatchObject({ state: 'succeeded', attempt: 3, output: '"at last"' })
    const failures = await rig.store.failures(await rig.read(job), 0)
    expect(failures.map(({ attempt, finishedAt }) => [attempt, finishedAt - start])).toEqual([
      [1, 0],
      [2, 500],
    ])
  })

  test('fails when its attempts are spent, with the last error', async () => {
    await using rig = await fixedChance()
    const job = await rig.submit(jobOf(1, { defaults: { retry: { attempts: 2 } } }))
    ;(await rig.script.nth(1)).fail()
    await rig.clock.advance(500)
    ;(await rig.script.nth(2)).throw(new Error('inside'))
    const { counts } = await rig.ended(job)
    expect(counts).toMatchObject({ failed: 1, succeeded: 0 })
    const task = await onlyTask(rig, job)
    expect(errorOf(task.error)).toEqual({ code: 'internal', message: 'Sheaf failed while running the task.' })
    expect((await rig.store.failures(await rig.read(job), 0)).length).toBe(2)
  })

  test('fails at once when another attempt would not help', async () => {
    await using rig = await fixedChance()
    const job = await rig.submit(jobOf(1))
    ;(await rig.script.nth(1)).fail(false)
    expect((await rig.ended(job)).counts.failed).toBe(1)
    expect(rig.script.runs.length).toBe(1)
  })

  test('a snooze spends no attempt, however often', async () => {
    await using rig = await fixedChance()
    const job = await rig.submit(jobOf(1, { defaults: { retry: { attempts: 1 } } }))
    for (let count = 1; count <= 5; count += 1) {
      ;(await rig.script.nth(count)).snooze(60_000)
      await rig.clock.advance(59_999)
      expect(rig.script.runs.length).toBe(count)
      await rig.clock.advance(1)
    }
    ;(await rig.script.nth(6)).succeed()
    expect((await rig.ended(job)).counts.succeeded).toBe(1)
    expect(await onlyTask(rig, job)).toMatchObject({ attempt: 6 })
    expect(await rig.store.failures(await rig.read(job), 0)).toEqual([])
  })

  test('a timeout counts as a failure, and what the late attempt returns is dropped', async () => {
    await using rig = await fixedChance()
    const job = await rig.submit(jobOf([taskOf('script', {}, { options: '{"timeoutMs":100}' })]))
    const late = await rig.script.nth(1)
    await rig.clock.advance(100)
    await rig.clock.advance(250)
    const second = await rig.script.nth(2)
    expect(late.context.signal.aborted).toBe(true)
    late.succeed('too late')
    await rig.settle()
    expect(await onlyTask(rig, job)).toMatchObject({ state: 'running', attempt: 2 })
    second.succeed('in time')
    await rig.ended(job)
    expect(await onlyTask(rig, job)).toMatchObject({ state: 'succeeded', output: '"in time"' })
  })

  test('an output that is too large fails the task and is not kept', async () => {
    await using rig = await fixedChance({ maxOutputBytes: 1_000 })
    const job = await rig.submit(jobOf([taskOf('echo', { value: 'x'.repeat(1_000) })]))
    await rig.ended(job)
    const task = await onlyTask(rig, job)
    expect(errorOf(task.error)).toMatchObject({ code: 'output_too_large' })
    expect(task.output).toBeUndefined()
  })

  test('a kind that this server does not have fails its task, also with a name that every object has', async () => {
    await using rig = await fixedChance()
    const names = ['gone', 'constructor', '__proto__', 'toString', '']
    const job = await rig.submit(jobOf(names.map((name) => taskOf(name))))
    await rig.ended(job)
    const tasks = await rig.tasks(job)
    expect(tasks.map(({ state }) => state)).toEqual(names.map(() => 'failed'))
    expect(tasks.map(({ error }) => errorOf(error))).toEqual(
      names.map((name) => ({
        code: 'internal',
        message: `This server has no kind of task named "${name}".`,
      })),
    )
  })
})
