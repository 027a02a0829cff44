import { describe, expect, test } from 'bun:test'
import { BufferingProxy } from '../support/proxy.ts'
import { type AppRig, holding, startApp } from './rig.ts'
import { SseReader } from './sse-reader.ts'

const follow = async (url: string, id: string) =>
  new SseReader(await fetch(`${url}/jobs/${id}/events`, { headers: { 'accept-encoding': 'gzip, br' } }))

const startProxied = async (rig: AppRig, heeds: boolean) => {
  const url = `http://${rig.listen()}`
  return { url, proxy: await BufferingProxy.start(url, { heeds }) }
}

describe('a proxy that buffers answers', () => {
  test('passes each event on as it comes, as it is told to', async () => {
    await using rig = await startApp()
    const { proxy } = await startProxied(rig, true)
    await using _ = proxy
    const { id } = await rig.submit([holding(), holding()])
    const [one, two] = await rig.runs.started(2)
    const events = await follow(proxy.url, id)
    expect(await events.next()).toMatchObject({ event: 'job', data: { data: { state: 'running' } } })
    one?.succeed()
    expect(await events.next()).toMatchObject({ event: 'tasks' })
    const heard = events.comment()
    await rig.clock.advance(15_000)
    await heard
    expect(proxy.heldBytes).toBe(0)
    two?.succeed()
    expect((await events.all()).map(({ event }) => event)).toEqual(['tasks', 'job'])
  })

  test('would hold them back if it were not', async () => {
    await using rig = await startApp()
    const { proxy, url } = await startProxied(rig, false)
    await using _ = proxy
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    let told = false
    const all = follow(proxy.url, id)
      .then((events) => events.all())
      .finally(() => {
        told = true
      })
    const direct = await follow(url, id)
    const first = await direct.next()
    while (proxy.heldBytes < JSON.stringify(first?.data).length)
      await new Promise((resolve) => setImmediate(resolve))
    expect(told).toBe(false)
    run.succeed()
    expect((await all).map(({ event }) => event)).toEqual(['job', 'tasks', 'job'])
    expect(await direct.all()).toHaveLength(2)
  })
})
