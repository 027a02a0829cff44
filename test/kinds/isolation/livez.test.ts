import { expect, test } from 'bun:test'
import { availableParallelism } from 'node:os'
import { isolated, isolations, Rig } from './rig.ts'

/** What is promised is 50 ms; measured were 1 to 2 ms. A machine that also runs other tests gets more. */
const mostMs = 150

test.each(isolations)('a server answers while every %s of its pool computes', async (where) => {
  using server = Bun.serve({ port: 0, fetch: () => new Response('ok') })
  await using rig = new Rig([isolated(where)], { workers: availableParallelism() })
  let computing = availableParallelism() * 3
  const work = Array.from({ length: computing }, async () => {
    await rig.output('burn', 200)
    computing -= 1
  })
  const times: number[] = []
  while (computing > 0) {
    const since = performance.now()
    await (await fetch(server.url)).text()
    times.push(performance.now() - since)
  }
  await Promise.all(work)
  times.sort((a, b) => a - b)
  expect(times.length).toBeGreaterThan(20)
  expect(times[Math.floor(times.length * 0.99)]).toBeLessThan(mostMs)
})
