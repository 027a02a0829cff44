import { expect, test } from 'bun:test'
import { largestEventOutput } from '../../../src/job/events.ts'
import type { Committed, JobRecord, TaskChange } from '../../../src/store/store.ts'
import type { Start } from '../contract.ts'
import { broken, type Driver, expectLogMatchesRows, failed, fold, one, succeeded } from '../driver.ts'

/** A job of many tasks, each as far as its index says; returns what every commit said of it. */
const history = async (s: Driver): Promise<{ job: JobRecord; commits: Committed[] }> => {
  const commits: Committed[] = []
  const note = async (committed: Promise<Committed>) => {
    commits.push(await committed)
    return committed
  }
  const job = await s.submit({ tasks: Array.from({ length: 12 }, (_, i) => (i % 2 ? { key: `k${i}` } : {})) })
  const { claimed } = await note(s.commit({ claim: 10 }))
  const results = [succeeded, failed, { type: 'retry', error: broken, runAt: s.now } as const, succeeded]
  await note(
    s.commit({
      settlements: claimed.slice(0, 8).map((claim, i) => ({ claim, result: results[i % 4] ?? failed })),
    }),
  )
  await note(s.commit({ actions: [{ type: 'pause', job: job.id }] }))
  await note(s.commit({ actions: [{ type: 'resume', job: job.id }], claim: 1 }))
  return { job, commits }
}

/** Reads the log page by page. */
const readAll = async (s: Driver, { id }: JobRecord, after: number, limit: number): Promise<TaskChange[]> => {
  const read: TaskChange[] = []
  for (let cursor = after; ; ) {
    const page = await s.store.changes(id, cursor, limit)
    if (page === undefined) throw new Error('Expected a log')
    expect(page.tasks.length).toBeLessThanOrEqual(limit)
    expect(page.job).toEqual(await s.job({ id }))
    read.push(...page.tasks)
    if (!page.more) return read
    expect(page.tasks).toHaveLength(limit)
    cursor = page.tasks.at(-1)?.seq ?? cursor
  }
}

export const logging = (start: Start) => {
  test('read from any seq and in any portions, the log folds to what the rows say', async () => {
    const s = await start()
    const { job } = await history(s)
    const rows = await s.tasks(job)
    const whole = await readAll(s, job, 0, 100)
    expectLogMatchesRows(whole, rows)
    expect(whole).toHaveLength(rows.filter(({ seq }) => seq > 0).length)
    const { seq } = await s.job(job)
    for (let after = 0; after <= seq; after += 1)
      for (const limit of [1, 2, 3, 5, 100])
        expect(await readAll(s, job, after, limit)).toEqual(whole.filter((change) => change.seq > after))
  })

  test('each task is in the log once, under a seq of its own, in order, none past the job’s', async () => {
    const s = await start()
    const { job } = await history(s)
    const { tasks, job: latest } = await s.log(job)
    const seqs = tasks.map(({ seq }) => seq)
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
    expect(new Set(seqs).size).toBe(seqs.length)
    expect(new Set(tasks.map(({ index }) => index)).size).toBe(tasks.length)
    expect(Math.max(...seqs)).toBeLessThanOrEqual(latest.seq)
  })

  test('what commits tell, folded, is what the log says', async () => {
    const s = await start()
    const { job, commits } = await history(s)
    const told = commits.flatMap(({ changes }) => changes.flatMap(({ tasks }) => tasks))
    expect(fold(told)).toEqual(fold((await s.log(job)).tasks))
    const seqs = told.map(({ seq }) => seq)
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
    expect(new Set(seqs).size).toBe(seqs.length)
  })

  test('from submission to end, each change begins where the one before ended', async () => {
    const s = await start()
    let seq = 0
    let id: string | undefined
    const follow = async (committed: Promise<Committed>): Promise<Committed> => {
      for (const change of (await committed).changes) {
        id ??= change.job.id
        expect(change.job.id).toBe(id)
        expect(change.since).toBe(seq)
        seq = change.job.seq
        for (const task of change.tasks) expect(task.seq).toBeGreaterThan(change.since)
        for (const task of change.tasks) expect(task.seq).toBeLessThanOrEqual(seq)
        expect(seq).toBe((await s.store.job(id))?.seq ?? seq)
      }
      return committed
    }
    const commit = s.commit.bind(s)
    s.commit = (batch) => follow(commit(batch))

    const job = await s.submit({ mode: 'all', tolerate: 1, tasks: 20, concurrency: 6, timeoutMs: 60_000 })
    const results = [succeeded, { type: 'retry', error: broken, runAt: s.now + 10 } as const, succeeded]
    let claimed = await s.claim(4)
    for (let round = 0; round < 3; round += 1) {
      const settlements = claimed.map((claim, i) => ({ claim, result: results[i % 3] ?? succeeded }))
      claimed = (await s.commit({ settlements, claim: 4 })).claimed
      s.now += 10
    }
    await s.commit({ settlements: claimed.map((claim) => ({ claim, result: { type: 'release' } })) })
    await s.act('pause', job)
    await s.act('resume', job)
    await s.runAll(failed)
    await s.act('retry', job)
    claimed = await s.claim(3)
    await s.act('cancel', job)
    await s.commit({ settlements: claimed.map((claim) => ({ claim, result: succeeded })) })
    await s.sweep()
    const ended = await s.job(job)
    expect(ended).toMatchObject({ state: 'cancelled', seq })
    await s.act('delete', job)
  })

  test('an output over 16 KiB is left out of the log, which says how long it is', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 4 })
    const outputs = [
      `"${'x'.repeat(largestEventOutput - 2)}"`,
      `"${'x'.repeat(largestEventOutput - 1)}"`,
      // Fewer characters than that, more bytes.
      `"${'é'.repeat(largestEventOutput / 2)}"`,
      'null',
    ]
    const settlements = (await s.claim()).map((claim, i) => ({
      claim,
      result: { type: 'succeeded' as const, output: outputs[i] ?? '' },
    }))
    const { changes } = await s.commit({ settlements })
    const bytes = [largestEventOutput, largestEventOutput + 1, largestEventOutput + 2, 4]
    const kept = [outputs[0], undefined, undefined, outputs[3]]
    expect((await s.log(job)).tasks.map(({ output, outputBytes }) => [output, outputBytes])).toEqual(
      bytes.map((length, i) => [kept[i], length]),
    )
    expect(one(changes).tasks.map(({ outputBytes }) => outputBytes)).toEqual(bytes)
    expect((await s.tasks(job)).map(({ output }) => output)).toEqual(outputs)
  })

  test('tasks that nothing happened to are not in the log', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 5 })
    expect(await s.log(job)).toMatchObject({ tasks: [], more: false })
    await s.claim(2)
    expect((await s.log(job)).tasks).toHaveLength(2)
    expect((await s.log(job, (await s.job(job)).seq)).tasks).toEqual([])
  })

  test('a job that does not exist has no log', async () => {
    const s = await start()
    expect(await s.store.changes('01990000-0000-7000-8000-ffffffffffff', 0, 10)).toBeUndefined()
  })
}
