import { expect, test } from 'bun:test'
import type { NewJob } from '../../../src/store/store.ts'
import { type JobFields, newJob, newTask } from '../../support/jobs.ts'
import { webhookTo } from '../../support/webhooks.ts'
import type { Start } from '../contract.ts'
import { broken, type Driver, failed, gateOf, one, succeeded } from '../driver.ts'

const shapes: [name: string, fields: JobFields][] = [
  ['one task', {}],
  [
    'tasks of more than one queue',
    {
      tasks: [
        { queue: 'a', key: 'k' },
        { queue: 'b', options: '{"timeoutMs":5}' },
      ],
    },
  ],
  [
    'a priority, labels and a key',
    { priority: 9, labels: { team: 'x' }, idempotency: { key: 'i', digest: 'd' } },
  ],
  ['as many tasks as it may run', { tasks: 3, concurrency: 3 }],
  ['a timeout and an owner', { timeoutMs: 1_000, keepMs: 5, owner: { id: 'o', mostWaiting: 9 } }],
  ['a mode that one end decides', { mode: 'race', tasks: 2 }],
  ['a quorum', { mode: 'any', quorum: 2, tasks: 3 }],
  ['a webhook', { webhook: webhookTo() }],
]

/** Submits a job and settles what runs of it; everything that came of it. */
const run = async (s: Driver, job: NewJob, room: number) => {
  const rooms = gateOf({ sleep: room, a: room, b: room, 'webhook:example.com': 0 })
  const told = []
  told.push(await s.commit({ submissions: [job], claim: 20, gate: rooms }))
  const [{ claimed = [] } = {}] = told
  const record = await s.job(job)
  const before = { record, tasks: await s.tasks(job), log: await s.log(job) }
  s.now += 7
  const results = claimed.map((claim, i) => ({ claim, result: i === 1 ? failed : succeeded }))
  told.push(await s.commit({ settlements: results, claim: 20, gate: rooms }))
  return {
    told,
    before,
    after: { record: await s.job(job), tasks: await s.tasks(job), log: await s.log(job) },
  }
}

export const starting = (start: Start) => {
  test.each(shapes)(
    'a job of %s that starts as it is submitted is as one that took its turn',
    async (_, fields) => {
      const job = newJob(fields)
      // Where a queue has a bound, its tasks are queued first, however much room there is.
      const [atOnce, inTurn] = [
        await run(await start(), job, Number.POSITIVE_INFINITY),
        await run(await start(), job, 100),
      ]
      expect(atOnce).toEqual(inTurn)
      expect(atOnce.told[0]?.claimed).toHaveLength(job.tasks.length)
    },
  )

  test('a job does not start before one that was ready when it came', async () => {
    const s = await start()
    const first = await s.submit({ tasks: 20 })
    const { claimed } = await s.commit({ submissions: [newJob()], claim: 3 })
    expect(claimed.map(({ job }) => job)).toEqual([first.number, first.number, first.number])
  })

  test('nor before one that came with it, and is too large to start at once', async () => {
    const s = await start()
    const [small, large, late] = [newJob(), newJob({ tasks: 20 }), newJob()]
    const { claimed } = await s.commit({ submissions: [small, large, late], claim: 4 })
    const ids = claimed.map(({ jobId }) => jobId)
    expect(ids).toEqual([small.id, large.id, large.id, large.id])
  })

  test('what does not fit into the free places waits', async () => {
    const s = await start()
    const jobs = [newJob(), newJob({ tasks: 2 }), newJob()]
    const { claimed } = await s.commit({ submissions: jobs, claim: 2 })
    expect(claimed).toHaveLength(2)
    const rest = await s.commit({ claim: 10 })
    expect(rest.claimed).toHaveLength(2)
  })

  test('a task that fails may run again', async () => {
    const s = await start()
    const { claimed } = await s.commit({ submissions: [newJob({ tasks: [newTask()] })], claim: 1 })
    const retry = { type: 'retry', error: broken, runAt: s.now } as const
    const again = await s.commit({ settlements: [{ claim: one(claimed), result: retry }], claim: 1 })
    expect(one(again.claimed)).toMatchObject({ attempt: 2, failures: 1 })
  })
}
