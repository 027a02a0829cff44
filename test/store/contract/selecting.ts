import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { isSelected, type Selection } from '../../../src/job/selection.ts'
import { hasEnded } from '../../../src/job/state.ts'
import type { JobRecord, SelectionQuery } from '../../../src/store/store.ts'
import { newJob } from '../../support/jobs.ts'
import type { Start } from '../contract.ts'
import { type Driver, failed, one } from '../driver.ts'

const enrich: Selection = { name: 'enrich' }
const growth: Selection = { label: ['team', 'growth'] }
const both: Selection = { ...enrich, ...growth }

/** Every page of a selection, joined. */
const pageSelected = async (s: Driver, query: Omit<SelectionQuery, 'limit'>, limit: number) => {
  const jobs: JobRecord[] = []
  for (let { after } = query; ; ) {
    const page = await s.store.selected({ ...query, after, limit })
    jobs.push(...page)
    if (page.length < limit) return jobs
    after = page.at(-1)?.number ?? after
  }
}

const fields = fc.record({
  name: fc.constantFrom(undefined, 'enrich', 'enrich', 'other'),
  labels: fc.constantFrom({}, { team: 'growth' }, { team: 'core' }, { team: 'growth', name: 'enrich' }),
  /** Without tasks it has ended at once. */
  tasks: fc.constantFrom(0, 1, 1),
  runAt: fc.constantFrom(undefined, 9_000_000),
})

export const selecting = (start: Start) => {
  test('a selection is exactly its jobs, oldest first, however many a page and wherever it begins', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fields, { maxLength: 30 }),
        fc.array(fc.nat({ max: 29 }), { maxLength: 5 }),
        async (given, deleted) => {
          const s = await start()
          const jobs: JobRecord[] = []
          for (const one of given) jobs.push(await s.submit(one))
          for (const job of deleted.flatMap((nth) => jobs[nth] ?? [])) await s.act('delete', job)
          const kept = (await s.store.jobs({ limit: 100 })).data.toReversed()
          for (const of of [enrich, growth, both])
            for (const open of [false, true])
              for (const [after, upTo] of [[0], [jobs[7]?.number ?? 0, jobs[20]?.number]] as const)
                for (const limit of [1, 3, 100]) {
                  const wanted = kept
                    .filter(({ number }) => number > after && number <= (upTo ?? number))
                    .filter((job) => isSelected(of, job) && !(open && hasEnded(job.state)))
                  expect(await pageSelected(s, { of, open, after, upTo }, limit)).toEqual(wanted)
                }
        },
      ),
      { numRuns: 25 },
    )
  })

  test('a job is open until it has ended, paused and stopping too', async () => {
    const s = await start()
    const job = await s.submit({ name: 'enrich', tasks: 2 })
    const open = async () => (await s.store.selected({ of: enrich, open: true, after: 0, limit: 9 })).length
    await s.claim(1)
    for (const [step, state] of [
      ['pause', 'paused'],
      ['resume', 'running'],
      ['cancel', 'stopping'],
    ] as const) {
      await s.act(step, job)
      expect((await s.job(job)).state).toBe(state)
      expect(await open()).toBe(1)
    }
    await s.store.rescue(s.now, 3)
    await s.runAll()
    expect([(await s.job(job)).state, await open()]).toEqual(['cancelled', 0])
  })

  test('numbers rise in the order of commits, and none is given twice, whatever is deleted', async () => {
    const s = await start()
    expect(await s.store.lastNumber()).toBe(0)
    const { changes } = await s.commit({ submissions: Array.from({ length: 5 }, () => newJob({ tasks: 0 })) })
    const numbers = changes.map(({ job }) => job.number)
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    expect(await s.store.lastNumber()).toBe(numbers.at(-1) ?? 0)
    for (const { job } of changes) await s.act('delete', job)
    if (s.open) await s.reopen()
    expect(await s.store.lastNumber()).toBe(numbers.at(-1) ?? 0)
    expect((await s.submit()).number).toBeGreaterThan(numbers.at(-1) ?? 0)
  })

  test('a job that goes on after its end is told so, once', async () => {
    const s = await start()
    const job = await s.submit()
    await s.settle(await s.claimOne(), failed)
    const { changes } = await s.commit({ actions: [{ type: 'retry', job: job.id }] })
    expect(one(changes)).toMatchObject({ revived: true, moved: true })
    expect(one((await s.commit({ claim: 1 })).changes).revived).toBeUndefined()
  })
}
