import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { Session } from '../../src/http/channel/session.ts'
import type { ServerMessage } from '../../src/job/events.ts'
import { expectSame } from '../engine/kit/fold.ts'
import { bufferBytes, FakeSocket } from '../http/fake-socket.ts'
import { holding, startApp } from '../http/rig.ts'
import { Channel, isEnd } from '../http/socket.ts'
import { jobOf, type Rig, startEngine } from '../support/engine.ts'
import { foldOf } from './wire.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** A connection whose other end takes what it is sent when the test says so. */
class Connection {
  readonly socket = new FakeSocket()
  readonly session: Session

  constructor(rig: Rig) {
    this.session = new Session(this.socket, { engine: rig.engine, log: silent, bufferBytes })
  }

  say(type: 'subscribe' | 'unsubscribe', job: string): void {
    this.session.receive(JSON.stringify({ type, job, ...(type === 'subscribe' && { after: 0 }) }))
  }

  drain(): void {
    this.socket.buffered = 0
    this.session.drained()
  }
}

type Step = (jobs: readonly string[], rig: Rig, connection: Connection) => Promise<void>

const nth = fc.nat({ max: 3 })
const saying = (type: 'subscribe' | 'unsubscribe'): fc.Arbitrary<Step> =>
  nth.map((nth) => async (jobs, _, connection) => connection.say(type, jobs[nth] ?? ''))
const steps = fc.array(
  fc.oneof(
    saying('subscribe'),
    saying('unsubscribe'),
    fc.constant<Step>(async (_, __, { socket }) => {
      socket.buffered = bufferBytes / 2
    }),
    fc.constant<Step>(async (_, __, connection) => connection.drain()),
    nth.map(
      (nth): Step =>
        async (_, { script }) =>
          script.runs[nth * 5]?.succeed(),
    ),
    fc.nat({ max: 2 }).map(
      (turns): Step =>
        async () => {
          for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
        },
    ),
  ),
  { maxLength: 60, size: 'max' },
)

test('subscriptions that come and go in any order, on a socket that is full or not, leave nothing behind', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      await using rig = await startEngine()
      const jobs = []
      for (let made = 0; made < 4; made += 1) jobs.push((await rig.submit(jobOf(5))).id)
      await rig.script.started(20)
      const connection = new Connection(rig)
      for (const step of steps) await step(jobs, rig, connection)
      for (const job of jobs) connection.say('unsubscribe', job)
      expect(rig.engine.followers).toBe(0)

      // It still works: who subscribes now is told all there is.
      connection.socket.sent = []
      connection.drain()
      for (const job of jobs) connection.say('subscribe', job)
      for (const run of rig.script.runs) run.succeed()
      for (const id of jobs) await rig.ended({ id })
      while (rig.engine.followers > 0) {
        connection.drain()
        await rig.settle()
      }
      for (const id of jobs) {
        const own = connection.socket.sent.filter((text) => (JSON.parse(text) as { job: string }).job === id)
        await expectSame(foldOf(own), rig.store, id, 0)
      }
    }),
    { numRuns: 40 },
  )
}, 60_000)

test('a socket that subscribes and unsubscribes as fast as it can follows in the end what it said last', async () => {
  await using rig = await startApp()
  const { id } = await rig.submit([holding()])
  const run = await rig.runs.nth(1)
  using channel = await Channel.open(rig.listen())
  for (let time = 0; time < 2_000; time += 1) {
    channel.subscribe(id, 0)
    channel.send({ type: 'unsubscribe', job: id })
  }
  await channel.flush()
  expect(rig.engine.followers).toBe(0)
  for (let time = 0; time < 2_000; time += 1) channel.subscribe(id, 0)
  await channel.flush()
  expect(rig.engine.followers).toBe(1)
  run.succeed()
  const ends = (await channel.until(isEnd(id))).filter((message: ServerMessage) => message.type === 'job')
  expect(ends.filter(isEnd(id))).toHaveLength(1)
  expect(rig.engine.followers).toBe(0)
})
