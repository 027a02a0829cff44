import { expect, test } from 'bun:test'
import { hasEnded } from '../../../src/job/state.ts'
import { Latch } from '../../engine/kit/probe.ts'
import { World } from './world.ts'

const options = { delays: [0], name: true, label: false, most: 10_000, revives: true }
const held = { matches: true, quick: 0, held: 1 }

test('a job goes on after an end that the socket is just about to take', async () => {
  const world = await World.start(options)
  world.connect()
  await world.submit(held)
  await world.rig.settle()
  await world.take(100)
  // What of these is not taken fills the buffer, so that the end of the first job is left in the log.
  for (let other = 0; other < 10; other += 1) await world.submit({ ...held, held: 0 })
  await world.end(1, false)
  await world.rig.settle()
  const latch = new Latch()
  world.probe.afterRead = latch.pass
  await world.take(1_000)
  await latch.reached
  await world.act('retry', 0)
  latch.open()
  await world.finish()
  const [first] = world.jobs
  expect(world.client.jobs.get(first?.id ?? '')?.ends).toHaveLength(2)
  await world.rig[Symbol.asyncDispose]()
})

test('a job that waits for room when it goes on is told whole', async () => {
  const world = await World.start({ ...options, most: 1 })
  world.connect()
  await world.submit(held)
  await world.rig.settle()
  await world.take(100)
  await world.submit({ ...held, quick: 1 })
  await world.rig.settle()
  for (const run of world.rig.script.runs.splice(1)) run.fail(false)
  await world.rig.settle()
  await world.act('retry', 1)
  await world.rig.settle()
  expect([...world.client.jobs.values()].map(({ job }) => job && hasEnded(job.state))).toEqual([false])
  await world.finish()
  expect(world.client.jobs.size).toBe(2)
  await world.rig[Symbol.asyncDispose]()
})
