import { describe, expect, test } from 'bun:test'
import type { Payload } from '../../../src/job/webhook/news.ts'
import { type WebhookEvent, webhookEvents } from '../../../src/job/webhook.ts'
import type { JobRecord } from '../../../src/store/store.ts'
import { type JobFields, newJob } from '../../support/jobs.ts'
import { webhookTo } from '../../support/webhooks.ts'
import type { Start } from '../contract.ts'
import { broken, type Driver, failed, gateOf, one, succeeded } from '../driver.ts'

const endpointOf = async (s: Driver): Promise<JobRecord> => one(await s.store.endpoints({ limit: 10 }))

/** Everything that was entered for the one endpoint. */
const told = async (s: Driver) => {
  const [endpoint] = await s.store.endpoints({ limit: 10 })
  return endpoint ? (await s.tasks(endpoint)).map(read) : []
}

const read = ({ input }: { input: string }) => (JSON.parse(input) as { payload: Payload }).payload

const typesOf = async (s: Driver) => (await told(s)).map(({ type }) => type)

/** A commit that claims nothing but what is no delivery. */
const noDeliveries = { gate: gateOf({ 'webhook:example.com': 0 }) }

const hooked = (events?: readonly WebhookEvent[], fields: JobFields = {}): JobFields => ({
  webhook: webhookTo(undefined, events && { events }),
  ...fields,
})

/** Claims and ends every task of the job, all in one way. */
const runJob = async (s: Driver, result = succeeded) => {
  const { claimed } = await s.commit({ claim: 1_000, ...noDeliveries })
  await s.commit({ settlements: claimed.map((claim) => ({ claim, result })) })
  await s.sweep()
}

export const announcing = (start: Start) => {
  describe('the end of a job with a webhook', () => {
    test.each([
      ['all', succeeded, 'job.succeeded'],
      ['all', failed, 'job.failed'],
      ['allSettled', failed, 'job.succeeded'],
      ['any', succeeded, 'job.succeeded'],
      ['any', failed, 'job.failed'],
      ['race', succeeded, 'job.succeeded'],
      ['race', failed, 'job.failed'],
    ] as const)('of mode %s is entered once', async (mode, result, type) => {
      const s = await start()
      const { id } = await s.submit(hooked(undefined, { mode, tasks: 2 }))
      expect(await told(s)).toEqual([])
      await runJob(s, result)
      await s.sweep()
      expect(await told(s)).toMatchObject([{ type, data: { id, state: type.slice(4), mode } }])
    })

    test('is entered by the commit that ends it, which can claim it at once', async () => {
      const s = await start()
      const { id } = await s.submit(hooked())
      const claim = await s.claimOne()
      const { claimed } = await s.commit({ settlements: [{ claim, result: succeeded }], claim: 10 })
      const delivery = one(claimed)
      expect(delivery).toMatchObject({
        kind: 'webhook',
        queue: 'webhook:example.com',
        jobId: 'ep_1',
        attempt: 1,
      })
      expect(delivery.key).toMatch(new RegExp(`^msg_${id.replaceAll('-', '')}_\\d{16}_0$`))
      expect(read(delivery)).toMatchObject({
        type: 'job.succeeded',
        timestamp: new Date(s.now).toISOString(),
        data: { counts: { succeeded: 1 }, links: { job: `/jobs/${id}`, results: `/jobs/${id}/results` } },
      })
    })

    test('is entered for a job of no tasks, and for one that is cancelled', async () => {
      const s = await start()
      await s.submit(hooked(undefined, { tasks: 0 }))
      const job = await s.submit(hooked())
      await s.act('cancel', job)
      await s.sweep()
      expect(await typesOf(s)).toEqual(['job.succeeded', 'job.cancelled'])
    })

    test('is entered for a job that fails by its timeout', async () => {
      const s = await start()
      await s.submit(hooked(undefined, { timeoutMs: 100 }))
      s.now += 100
      await s.sweep()
      expect(await told(s)).toMatchObject([{ type: 'job.failed', data: { error: { code: 'timeout' } } }])
    })

    test('is entered again when it is retried, as another message', async () => {
      const s = await start()
      const job = await s.submit(hooked(undefined, { mode: 'all' }))
      await runJob(s, failed)
      await s.act('retry', job)
      await runJob(s)
      expect(await typesOf(s)).toEqual(['job.failed', 'job.succeeded'])
      const keys = (await s.tasks(await endpointOf(s))).map(({ key }) => key)
      expect(new Set(keys).size).toBe(2)
    })

    test('is not entered without one, nor when the commit fails', async () => {
      const s = await start()
      await s.submit()
      await s.runAll()
      expect(await s.store.endpoints({ limit: 10 })).toEqual([])
      await s.submit(hooked())
      const claim = await s.claimOne()
      const twice = newJob()
      const settlements = [{ claim, result: succeeded }]
      await expect(s.commit({ settlements, submissions: [twice, twice] })).rejects.toThrow()
      expect(await s.store.endpoints({ limit: 10 })).toEqual([])
      expect(await s.settle(claim, succeeded)).toBe(true)
      expect(await typesOf(s)).toEqual(['job.succeeded'])
    })

    test('stays entered when the job is deleted', async () => {
      const s = await start()
      const job = await s.submit(hooked())
      await runJob(s)
      await s.act('delete', job)
      await s.sweep()
      expect(await s.claim()).toMatchObject([{ kind: 'webhook' }])
    })
  })

  describe('a webhook that asks for it', () => {
    test('is told of each state that a job comes to', async () => {
      const s = await start()
      const job = await s.submit(hooked(webhookEvents, { runAt: s.now + 10, mode: 'all', tasks: 2 }))
      s.now += 10
      await s.commit()
      await s.act('pause', job)
      await s.act('resume', job)
      const { claimed } = await s.commit({ claim: 10, ...noDeliveries })
      const [first, second] = claimed
      if (first === undefined || second === undefined) throw new Error('Expected two claims')
      await s.settle(first, failed)
      await s.settle(second, succeeded)
      expect(await typesOf(s)).toEqual([
        'job.scheduled',
        'job.running',
        'job.paused',
        'job.running',
        'tasks.failed',
        'job.stopping',
        'job.failed',
      ])
    })

    test('is told of tasks that failed for good together, and of no others', async () => {
      const s = await start()
      const { id } = await s.submit(hooked(['tasks.failed'], { tasks: [{ key: 'a' }, {}, {}, {}] }))
      const { claimed } = await s.commit({ claim: 10 })
      const results = [failed, succeeded, { type: 'retry', error: broken, runAt: s.now + 1 } as const, failed]
      const settlements = claimed.map((claim, i) => ({ claim, result: results[i] ?? succeeded }))
      await s.commit({ settlements })
      const error = { code: broken.code, message: broken.message }
      expect(await told(s)).toMatchObject([
        {
          type: 'tasks.failed',
          data: {
            id,
            tasks: [
              { index: 0, key: 'a', attempt: 1, error },
              { index: 3, attempt: 1, error },
            ],
          },
        },
      ])
    })

    test('is named the first fifty of them, and how many more there are', async () => {
      const s = await start()
      await s.submit(hooked(['tasks.failed'], { tasks: 60 }))
      await runJob(s, failed)
      const [news] = await told(s)
      expect(news?.data.tasks).toHaveLength(50)
      expect(news?.data.moreTasks).toBe(10)
    })
  })

  describe('an endpoint', () => {
    test('is one for all jobs of its URL, apart from the jobs, and found by its id', async () => {
      const s = await start()
      const first = await s.submit(hooked())
      const second = await s.submit(hooked())
      await runJob(s)
      const endpoint = await endpointOf(s)
      expect(endpoint).toMatchObject({
        id: 'ep_1',
        endpoint: 'https://example.com/hook',
        counts: { queued: 2 },
      })
      expect(await s.store.job('ep_1')).toEqual(endpoint)
      expect(await s.store.endpoints({ after: 'ep_1', limit: 10 })).toEqual([])
      for (const query of [{}, { state: 'running' } as const])
        expect((await s.store.jobs({ ...query, limit: 10 })).data.map(({ id }) => id)).not.toContain('ep_1')
      for (const { id } of [first, second])
        expect((await s.store.deliveriesOf(endpoint, { job: id, limit: 10 })).map(read)).toMatchObject([
          { data: { id } },
        ])
    })

    test('that is gone is disabled, and what waits for it or comes is cancelled', async () => {
      const s = await start()
      for (let i = 0; i < 3; i += 1) await s.submit(hooked())
      await runJob(s)
      const [claim] = await s.claim(1)
      if (claim === undefined) throw new Error('Expected a delivery')
      const error = { code: 'webhook_gone', message: 'It is gone.' } as const
      await s.settle(claim, { type: 'failed', error })
      await s.submit(hooked())
      await runJob(s)
      const endpoint = await endpointOf(s)
      expect(endpoint).toMatchObject({
        state: 'paused',
        error,
        counts: { failed: 1, cancelled: 3, queued: 0 },
      })
      expect(JSON.parse((await s.task(endpoint, 3)).error ?? '')).toMatchObject({ code: 'webhook_disabled' })
      expect((await s.act('retry', endpoint)).type).toBe('refused')
      expect(await s.act('resume', endpoint)).toMatchObject({ type: 'done', job: { error: undefined } })
      expect((await s.act('retry', endpoint)).type).toBe('done')
      expect(await s.claim()).toHaveLength(4)
    })

    test('is sent one that failed once more, under the same key', async () => {
      const s = await start()
      for (let i = 0; i < 2; i += 1) await s.submit(hooked())
      await runJob(s)
      const claims = await s.claim()
      for (const claim of claims) await s.settle(claim, failed)
      const endpoint = await endpointOf(s)
      const retry = { type: 'retry', job: endpoint.id, task: 1 } as const
      const { acted } = await s.commit({ actions: [retry, retry] })
      expect(acted.map(({ type }) => type)).toEqual(['done', 'refused'])
      expect(await s.claimOne()).toMatchObject({ key: claims[1]?.key, attempt: 2, failures: 0 })
    })

    test('is forgotten with its deliveries, each so long after its end', async () => {
      const s = await start()
      const webhook = webhookTo(undefined, { keepMs: 1_000 })
      for (let i = 0; i < 2; i += 1) await s.submit({ webhook, keepMs: 0 })
      await runJob(s)
      const [first, second] = await s.claim()
      if (first === undefined || second === undefined) throw new Error('Expected two deliveries')
      await s.settle(first, failed)
      s.now += 500
      await s.settle(second, succeeded)
      expect((await s.commit()).wakeAt).toBe(s.now + 500)
      s.now += 500
      await s.sweep()
      const endpoint = await endpointOf(s)
      expect((await s.tasks(endpoint)).map(({ index }) => index)).toEqual([1])
      expect(await s.store.failures(endpoint, 0)).toEqual([])
      expect((await s.commit()).wakeAt).toBe(s.now + 500)
      s.now += 500
      expect((await s.commit()).wakeAt).toBeUndefined()
      expect(await s.store.endpoints({ limit: 10 })).toEqual([])
      await s.submit({ webhook })
      await runJob(s)
      expect(await s.claim()).toHaveLength(1)
    })
  })
}
