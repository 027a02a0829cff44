import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { expectSame, type Fold } from '../engine/kit/fold.ts'
import { type AppRig, echoing, holding, startApp } from '../http/rig.ts'
import { crowdOf } from './crowd.ts'
import { RawChannel } from './raw-channel.ts'

/** `SHEAF_CROWD=5000 bun test test/fanout/crowd.test.ts` is the whole of it. */
const size = Number(process.env.SHEAF_CROWD ?? 300)

const expectAllSame = async (rig: AppRig, id: string, folds: readonly Fold[]) => {
  for (const fold of folds) {
    await expectSame(fold, rig.engine.store, id, 0)
    expect(fold.lasts).toBe(1)
  }
}

/** Resolves when so many follow a job. */
const whenFollowers = async ({ engine }: AppRig, count: number) => {
  while (engine.followers !== count) await new Promise((resolve) => setImmediate(resolve))
}

/** Sockets whose other end says nothing any more: begun first, as it takes Bun a while to close them. */
const silent = async () => {
  const rig = await startApp({ socketIdleSeconds: 8, maxBodyBytes: 50_000_000 })
  const { id } = await rig.submit([holding()])
  const long = await rig.run(Array.from({ length: 1_500 }, () => echoing('x'.repeat(10_000))))
  const address = rig.listen()
  const [idle, full] = [await RawChannel.open(address), await RawChannel.open(address)]
  idle.subscribe(id, 0)
  full.subscribe(long.id, 0)
  await whenFollowers(rig, 2)
  return rig
}

let beside: AppRig
beforeAll(async () => {
  beside = await silent()
})
afterAll(() => beside[Symbol.asyncDispose]())

describe(`${size} sockets`, () => {
  test('that follow one job are each told all of it, in the same messages', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit(Array.from({ length: 40 }, holding))
    const runs = await rig.runs.started(40)
    await using crowd = await crowdOf(
      rig.listen(),
      Array.from({ length: size }, () => id),
    )
    await crowd.began
    for (const [nth, run] of runs.entries()) {
      run.succeed({ nth })
      if (nth % 10 === 9) await rig.clock.advance(5)
    }
    await expectAllSame(rig, id, await crowd.folds())
  }, 120_000)

  test('that follow a job each are each told their own', async () => {
    await using rig = await startApp()
    const delay = { delayMs: 1_000 }
    const jobs: string[] = []
    for (let made = 0; made < size; made += 1)
      jobs.push((await rig.submit([echoing(made), echoing('x')], delay)).id)
    await using crowd = await crowdOf(rig.listen(), jobs)
    await crowd.began
    await rig.clock.advance(1_000)
    for (const [nth, fold] of (await crowd.folds()).entries()) {
      expect(fold.tasks.get(0)?.output).toBe(nth)
      await expectAllSame(rig, jobs[nth] ?? '', [fold])
    }
  }, 120_000)
})

describe('of a socket that is gone, nothing is left', () => {
  test('when it vanishes without a close, whatever it followed and however much it had yet to read', async () => {
    await using rig = await startApp({ maxBodyBytes: 50_000_000 })
    const long = await rig.run(Array.from({ length: 1_500 }, () => echoing('x'.repeat(10_000))))
    const { id } = await rig.submit([holding()])
    const address = rig.listen()
    const timers = rig.clock.pending
    for (let time = 0; time < 3; time += 1) {
      await using crowd = await crowdOf(
        address,
        Array.from({ length: 100 }, () => id),
      )
      const channels = await Promise.all(Array.from({ length: 10 }, () => RawChannel.open(address)))
      for (const channel of channels) channel.subscribe(long.id, 0)
      await crowd.began
      await whenFollowers(rig, 110)
      crowd.vanish()
      for (const channel of channels) channel[Symbol.dispose]()
      await whenFollowers(rig, 0)
    }
    while (rig.streams.size > 0) await new Promise((resolve) => setImmediate(resolve))
    expect(rig.clock.pending).toBe(timers)
  }, 60_000)

  test('when its other end does not answer any more, whether it has something to read or not', async () => {
    await whenFollowers(beside, 0)
    expect(beside.streams.size).toBe(0)
  }, 30_000)
})
