import { describe, expect, test } from 'bun:test'
import { call, sleep } from '../../src/client.ts'
import { echoing, failing, startApp } from '../http/rig.ts'
import { Chronicle } from './support/chronicle.ts'
import { connect, failOnLeaks, watched } from './support/leaks.ts'

failOnLeaks()

describe('an app that listens on no port', () => {
  test('is asked through the treaty, typed', async () => {
    await using rig = await startApp()
    const { api } = connect(rig.app)
    const { data: submitted, status } = await api.jobs.post({ tasks: [echoing('2026-01-01')] })
    expect(status).toBe(202)
    const id = submitted?.id ?? ''
    await rig.engine.ended(id, 1)
    const { data } = await api.jobs({ id }).get()
    expect(data?.state).toBe('succeeded')
    expect(data?.createdAt).toBeTypeOf('string')
    const { data: results } = await api.jobs({ id }).results.get({ query: {} })
    expect(results?.data[0]?.output).toBe('2026-01-01')
    const { error } = await api.jobs({ id: 'none' }).get()
    expect(error).toMatchObject({ status: 404, value: { code: 'not_found' } })
  })

  test('gathers', async () => {
    await using rig = await startApp()
    const open = watched()
    const sheaf = connect(rig.app, { clock: open.options.clock })
    expect(await sheaf.all([call<number>('echo', 1), call<number>('echo', 2)])).toEqual([1, 2])
    await expect(sheaf.all([call('echo', 1), failing()])).rejects.toMatchObject({
      name: 'TaskError',
      index: 1,
    })
    const abort = new AbortController()
    const aborted = sheaf.all([sleep(1)], { signal: abort.signal }).catch((reason) => reason)
    await rig.runs.nth(1)
    abort.abort('enough')
    expect(await aborted).toBe('enough')
    await sheaf.close()
    await open.expectNothingOpen()
  })

  test('tells a loop everything', async () => {
    await using rig = await startApp()
    const sheaf = connect(rig.app)
    const job = await sheaf.submit(Array.from({ length: 700 }, (_, index) => call('echo', index)))
    const chronicle = new Chronicle()
    await chronicle.takeAll(job)
    chronicle.expectComplete(700)
    expect(await job.results()).toHaveLength(700)
  })

  test('refuses what a server would refuse', async () => {
    const token = 'a-secret-of-more-than-16'
    await using rig = await startApp({ tokens: `submit:${token}` })
    await expect(connect(rig.app).submit([])).rejects.toMatchObject({ code: 'unauthorized', status: 401 })
    const sheaf = connect(rig.app, { token })
    expect(await sheaf.all([call<number>('echo', 1)])).toEqual([1])
    const stranger = connect(rig.app).job((await sheaf.submit([])).id)
    await expect(stranger.ended()).rejects.toMatchObject({ code: 'unauthorized' })
  })
})

describe('what is connected to', () => {
  test.each(['localhost:3000', 'ftp://localhost', '', 'http://', '/jobs'])(
    '%p is no URL of a server',
    (url) => {
      expect(() => connect(url)).toThrow(
        new TypeError(`Expected "url" to be an http or https URL, got "${url}".`),
      )
    },
  )

  test.each([
    ['http://localhost:3000', 'http://localhost:3000/jobs'],
    ['http://localhost:3000/', 'http://localhost:3000/jobs'],
    ['https://example.com/gather//', 'https://example.com/gather/jobs'],
    ['https://example.com/gather?x=1#y', 'https://example.com/gather/jobs'],
  ])('%p has its jobs at %p', async (url, jobs) => {
    const asked: string[] = []
    const fetch = async (address: string) => {
      asked.push(address)
      return Response.json({ data: [], next: null })
    }
    await connect(url, { fetch }).api.jobs.get()
    await connect(new URL(url), { fetch }).api.jobs.get()
    expect(asked).toEqual([jobs, jobs])
  })
})
