import { expect, test } from 'bun:test'
import type { Unique } from '../../../src/store/store.ts'
import { newJob } from '../../support/jobs.ts'
import type { Start } from '../contract.ts'
import { type Driver, failed, one, succeeded } from '../driver.ts'

const whileOpen: Unique = {
  key: 'k',
  states: ['scheduled', 'running', 'paused', 'stopping'],
  forMs: undefined,
}
const forMs = (duration: number): Unique => ({ key: 'k', states: [], forMs: duration })
const owned = (id: string, mostWaiting?: number) => ({ owner: { id, mostWaiting } })

/** How many tasks wait: of an owner, or in all. Asks for one more than that, which is refused. */
const waiting = async (s: Driver, owner?: string): Promise<number> => {
  const refused = owner === undefined ? await s.offer({}, 0) : await s.offer(owned(owner, 0))
  if (refused.type !== 'full') throw new Error(`Expected to be refused, got ${refused.type}`)
  return refused.waiting
}

export const admitting = (start: Start) => {
  test('there is no second job of a unique key while the first is in one of the states', async () => {
    const s = await start()
    const job = await s.submit({ unique: whileOpen, tasks: 2 })
    const refused = newJob({ unique: whileOpen })
    const { submitted, changes } = await s.commit({ submissions: [refused] })
    expect(submitted).toMatchObject([{ type: 'existing', job: { id: job.id } }])
    expect(changes).toEqual([])
    expect(await s.store.job(refused.id)).toBeUndefined()

    await s.act('pause', job)
    expect(await s.offer({ unique: whileOpen })).toMatchObject({ type: 'existing', job: { state: 'paused' } })
    await s.act('resume', job)
    await s.runAll()
    expect((await s.offer({ unique: whileOpen })).type).toBe('created')
  })

  test('a scheduled job is the first of its key before it starts', async () => {
    const s = await start()
    const job = await s.submit({ unique: whileOpen, runAt: s.now + 1_000 })
    expect(await s.offer({ unique: whileOpen })).toMatchObject({ type: 'existing', job: { id: job.id } })
    await s.act('cancel', job)
    expect((await s.offer({ unique: whileOpen })).type).toBe('created')
  })

  test('a state that is not named does not count', async () => {
    const s = await start()
    const unique: Unique = { key: 'k', states: ['failed'], forMs: undefined }
    const first = await s.submit({ unique, mode: 'all' })
    const second = await s.submit({ unique, mode: 'all' })
    const [claim] = await s.claim(1)
    if (!claim) throw new Error('Expected a claim')
    await s.settle(claim, failed)
    expect(await s.offer({ unique })).toMatchObject({ type: 'existing', job: { id: first.id } })
    await s.settle(await s.claimOne(), succeeded)
    expect((await s.job(second)).state).toBe('succeeded')
    expect(await s.offer({ unique })).toMatchObject({ type: 'existing', job: { id: first.id } })
  })

  test('a unique key may be taken for a time, whatever became of its job', async () => {
    const s = await start()
    const job = await s.submit({ unique: forMs(1_000) })
    await s.runAll()
    s.now += 999
    expect(await s.offer({ unique: forMs(1_000) })).toMatchObject({ type: 'existing', job: { id: job.id } })
    s.now += 1
    expect((await s.offer({ unique: forMs(1_000) })).type).toBe('created')
  })

  test('a unique key is free again once its job is deleted', async () => {
    const s = await start()
    const job = await s.submit({ unique: forMs(1_000), tasks: 0 })
    await s.act('delete', job)
    expect((await s.offer({ unique: forMs(1_000) })).type).toBe('created')
  })

  test('of two jobs of one unique key in one batch, the second meets the first', async () => {
    const s = await start()
    const [a, b, other] = [
      newJob({ unique: whileOpen }),
      newJob({ unique: whileOpen }),
      newJob({ unique: { ...whileOpen, key: 'K' } }),
    ]
    const { submitted } = await s.commit({ submissions: [a, b, other] })
    expect(submitted).toMatchObject([
      { type: 'created', job: { id: a.id } },
      { type: 'existing', job: { id: a.id } },
      { type: 'created', job: { id: other.id } },
    ])
  })

  test('an idempotency key that was used before comes first', async () => {
    const s = await start()
    const asked = { unique: whileOpen, ...owned('o', 1), idempotency: { key: 'i', digest: 'd' } }
    const job = await s.submit(asked)
    expect(await s.offer(asked, 1)).toMatchObject({ type: 'repeated', job: { id: job.id } })
    expect(await s.offer({ ...asked, idempotency: undefined }, 1)).toMatchObject({ type: 'existing' })
  })

  test('no more tasks of an owner wait than may, to the last one', async () => {
    const s = await start()
    await s.submit({ tasks: 3, ...owned('o', 5) })
    const refused = newJob({ tasks: 3, ...owned('o', 5) })
    const { submitted, changes } = await s.commit({ submissions: [refused] })
    expect(submitted).toEqual([{ type: 'full', of: 'owner', waiting: 3, most: 5 }])
    expect(changes).toEqual([])
    expect(await s.store.job(refused.id)).toBeUndefined()
    expect((await s.offer({ tasks: 2, ...owned('o', 5) })).type).toBe('created')
    expect(await s.offer(owned('o', 5))).toEqual({ type: 'full', of: 'owner', waiting: 5, most: 5 })
    expect((await s.offer({ tasks: 9, ...owned('other', 9) })).type).toBe('created')
    expect((await s.offer({ tasks: 9, ...owned('o') })).type).toBe('created')
  })

  test('no more tasks wait in all than may, to the last one', async () => {
    const s = await start()
    await s.submit({ tasks: 3, ...owned('o') })
    expect(await s.offer({ tasks: 3 }, 5)).toEqual({ type: 'full', of: 'server', waiting: 3, most: 5 })
    expect((await s.offer({ tasks: 2 }, 5)).type).toBe('created')
    expect(await s.offer({}, 5)).toEqual({ type: 'full', of: 'server', waiting: 5, most: 5 })
    expect((await s.offer({ tasks: 0 }, 5)).type).toBe('created')
  })

  test('what was submitted earlier in a batch counts, what was refused does not', async () => {
    const s = await start()
    const submissions = [2, 3, 2, 1].map((tasks) => newJob({ tasks, ...owned('o', 4) }))
    const { submitted } = await s.commit({ submissions, mostWaiting: 10 })
    expect(submitted.map(({ type }) => type)).toEqual(['created', 'full', 'created', 'full'])
    expect(submitted[1]).toEqual({ type: 'full', of: 'owner', waiting: 2, most: 4 })
  })

  test('what is blocked, delayed, scheduled or paused waits; what runs or ended does not', async () => {
    const s = await start()
    await s.submit({
      tasks: [{}, { after: [{ task: 0, on: 'succeeded' }] }, { runAt: s.now + 9 }],
      ...owned('o'),
    })
    await s.submit({ tasks: 4, runAt: s.now + 9, ...owned('o') })
    await s.act('pause', await s.submit({ tasks: 5, ...owned('o') }))
    expect(await waiting(s, 'o')).toBe(12)
    const claim = await s.claimOne()
    expect(await waiting(s, 'o')).toBe(11)
    await s.settle(claim, failed)
    expect(await waiting(s, 'o')).toBe(10)
    expect([await waiting(s), await waiting(s, 'other')]).toEqual([10, 0])
  })

  test('what is put back, rescued or revived waits again', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 3, ...owned('o') })
    const [a, b] = await s.claim()
    if (!a || !b) throw new Error('Expected claims')
    expect(await waiting(s, 'o')).toBe(0)
    await s.settle(a, { type: 'release' })
    await s.settle(b, { type: 'snooze', runAt: s.now + 1_000 })
    expect(await waiting(s, 'o')).toBe(2)
    await s.store.rescue(s.now, 9)
    expect(await waiting(s, 'o')).toBe(3)
    await s.act('cancel', job)
    expect(await waiting(s, 'o')).toBe(0)
    await s.act('retry', job)
    expect(await waiting(s, 'o')).toBe(3)
    s.now += 1_000
    await s.runAll()
    await s.act('delete', job)
    expect([await waiting(s, 'o'), await waiting(s)]).toEqual([0, 0])
  })

  test('a large job that is cancelled makes room step by step', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 5_000, ...owned('o') })
    const { unfinished } = await s.commit({ actions: [{ type: 'cancel', job: job.id }] })
    expect(unfinished).toBe(true)
    await s.sweep()
    expect(await waiting(s, 'o')).toBe(0)
  })

  test('what waits is known after a restart', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 4, ...owned('o') })
    await s.submit({ tasks: 2 })
    await s.claim(1)
    await s.reopen()
    const before = await waiting(s)
    await s.store.rescue(s.now, 9)
    expect([before, await waiting(s)]).toEqual([5, 6])
    expect(await waiting(s, 'o')).toBe(4)
    await s.act('cancel', job)
    expect([await waiting(s), await waiting(s, 'o')]).toEqual([2, 0])
  })

  test('a commit that fails leaves queues and owners as they were', async () => {
    const s = await start()
    const job = await s.submit({ tasks: [{ queue: 'a' }, { queue: 'b' }, { queue: 'b' }], ...owned('o') })
    const claim = one(await s.claim(1))
    const before = { queues: await s.queues(), waiting: [await waiting(s, 'o'), await waiting(s)] }
    const batch = {
      submissions: [
        newJob({ tasks: [{ queue: 'c' }], ...owned('p') }),
        newJob({ id: job.id, ...owned('o') }),
      ],
      settlements: [{ claim, result: { type: 'release' } as const }],
      actions: [{ type: 'cancel', job: job.id } as const],
      claim: 10,
    }
    await expect(s.commit(batch)).rejects.toThrow()
    expect({ queues: await s.queues(), waiting: [await waiting(s, 'o'), await waiting(s)] }).toEqual(before)
    expect(await waiting(s, 'p')).toBe(0)
    await s.reopen()
    expect({ queues: await s.queues(), waiting: [await waiting(s, 'o'), await waiting(s)] }).toEqual(before)
    await s.commit({ settlements: [{ claim, result: { type: 'release' } }] })
    expect(await waiting(s, 'o')).toBe(3)
  })
}
