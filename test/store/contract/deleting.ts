import { expect, test } from 'bun:test'
import type { Start } from '../contract.ts'
import { failed, one } from '../driver.ts'

export const deleting = (start: Start) => {
  test('a deleted job is gone at once, for every reader', async () => {
    const s = await start()
    const labels = { team: 'growth' }
    const job = await s.submit({ name: 'n', labels, tasks: [{ key: 'k' }] })
    await s.runAll(failed)
    const { acted, changes } = await s.commit({ actions: [{ type: 'delete', job: job.id }] })
    expect(one(acted)).toMatchObject({ type: 'done', job: { id: job.id } })
    expect(one(changes)).toMatchObject({ deleted: true, job: { id: job.id }, tasks: [] })

    expect(await s.store.job(job.id)).toBeUndefined()
    expect(await s.store.changes(job.id, 0, 10)).toBeUndefined()
    for (const query of [{}, { name: 'n' }, { label: ['team', 'growth'] as const }])
      expect((await s.store.jobs({ ...query, limit: 10 })).data).toEqual([])
  })

  test('its tasks and their failures go with it, and no task of another job does', async () => {
    const s = await start()
    const [job, other] = [await s.submit({ tasks: 3 }), await s.submit({ tasks: 3 })]
    await s.runAll(failed)
    await s.act('delete', job)
    await s.sweep()
    expect((await s.store.tasks(job, { limit: 10 })).data).toEqual([])
    expect(await s.store.task(job, { index: 0 })).toBeUndefined()
    expect(await s.store.failures(job, 0)).toEqual([])
    expect(await s.tasks(other)).toHaveLength(3)
    expect(await s.store.failures(other, 0)).toHaveLength(1)
  })

  test('the tasks of a large job go in steps', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 10_000 })
    await s.act('cancel', job)
    await s.sweep()
    const { unfinished } = await s.commit({ actions: [{ type: 'delete', job: job.id }] })
    expect(unfinished).toBe(true)
    expect(await s.store.job(job.id)).toBeUndefined()
    expect(await s.sweep()).toBeGreaterThan(1)
    expect((await s.store.tasks(job, { limit: 10 })).data).toEqual([])
  })

  test('the tasks of many small jobs share a step', async () => {
    const s = await start()
    const jobs = []
    for (let i = 0; i < 20; i += 1) jobs.push(await s.submit({ tasks: 1 }))
    await s.runAll()
    const actions = jobs.map(({ id }) => ({ type: 'delete' as const, job: id }))
    expect((await s.commit({ actions })).unfinished).toBe(false)
    for (const job of jobs) expect(await s.store.task(job, { index: 0 })).toBeUndefined()
  })

  test('a job cannot be deleted twice, not even in one batch', async () => {
    const s = await start()
    const { id } = await s.submit({ tasks: 0 })
    const types = ['delete', 'delete', 'retry'] as const
    const { acted } = await s.commit({ actions: types.map((type) => ({ type, job: id })) })
    expect(acted.map(({ type }) => type)).toEqual(['done', 'missing', 'missing'])
    expect(await s.act('delete', { id })).toEqual({ type: 'missing' })
  })

  test('a job submitted after one was deleted takes over nothing of it', async () => {
    const s = await start()
    const old = await s.submit({ tasks: [{ key: 'k' }, {}] })
    await s.runAll(failed)
    await s.act('delete', old)
    const job = await s.submit({ tasks: [{ key: 'k' }] })
    await s.sweep()
    expect(await s.tasks(job)).toMatchObject([{ key: 'k', state: 'queued', attempt: 0 }])
    expect(await s.store.failures(job, 0)).toEqual([])
    expect(await s.claim()).toHaveLength(1)
  })
}
