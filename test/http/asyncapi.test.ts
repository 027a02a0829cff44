import { describe, expect, test } from 'bun:test'
import { Parser } from '@asyncapi/parser'
import { commands } from '../../src/job/commands.ts'
import { events, largestEventOutput, type ServerMessage } from '../../src/job/events.ts'
import { document, flawsOf, readDocument } from '../support/asyncapi.ts'
import { QueueScript } from './queue-script.ts'
import { type AppRig, echoing, failing, holding, startApp } from './rig.ts'
import { Channel, isEnd } from './socket.ts'

const commandNames = commands.map(({ name }) => name)
const eventNames = Object.keys(events)
const namesIn = (operation: 'takeCommand' | 'tellEvent') =>
  document.operations[operation].messages.map(({ $ref }) => $ref.split('/').at(-1))

describe('the AsyncAPI document', () => {
  test('is valid, without a warning', async () => {
    const { document: parsed, diagnostics } = await new Parser().parse(JSON.stringify(document))
    // What is left is advice: that there is a version after 3.0.
    expect(diagnostics.filter(({ severity }) => severity < 2)).toEqual([])
    expect(parsed?.version()).toBe('3.0.0')
    expect(parsed?.allMessages().length).toBe(commandNames.length + eventNames.length)
  }, 30_000)

  test('has every message that the code has, and no other', () => {
    expect(Object.keys(document.components.messages)).toEqual([...commandNames, ...eventNames])
    expect(Object.keys(document.channels.events.messages)).toEqual([...commandNames, ...eventNames])
    expect(namesIn('takeCommand')).toEqual(commandNames)
    expect(namesIn('tellEvent')).toEqual(eventNames)
  })

  test('gives examples that fit its schemas', () => {
    for (const [name, { examples }] of Object.entries(document.components.messages)) {
      expect(examples.length).toBeGreaterThan(0)
      for (const { payload } of examples) expect([name, flawsOf(name, payload)]).toEqual([name, []])
    }
  })

  test('gives examples of commands that the server takes', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    using channel = await Channel.open(rig.listen())
    for (const name of commandNames)
      for (const { payload } of document.components.messages[name]?.examples ?? []) {
        const { job, after, since, seen, ...rest } = Object(payload)
        channel.send({ ...rest, ...(job !== undefined && { job: id }) })
      }
    expect((await channel.flush()).filter(({ type }) => type === 'error')).toEqual([])
    run.succeed()
  })

  test('refuses what the server refuses', () => {
    for (const [name, message] of [
      ['subscribe', { type: 'subscribe', job: 'x' }],
      ['subscribe', { type: 'subscribe' }],
      ['subscribe', { type: 'subscribe', job: crypto.randomUUID(), after: -1 }],
      ['subscribe', { type: 'subscribe', job: crypto.randomUUID(), more: 1 }],
      ['subscribeQueues', { type: 'subscribe', queues: [] }],
      ['ping', { type: 'ping', id: {} }],
    ] as const)
      expect(flawsOf(name, message)).not.toEqual([])
  })

  test('says where the channel is, also where the app is mounted elsewhere', async () => {
    expect(document.channels.events.address).toBe('/events')
    expect((await readDocument('/gather')).channels.events.address).toBe('/gather/events')
  })
})

describe('what the server sends is what the document says, and nothing more', () => {
  /** Every message that a socket gets while `act` does what it does. {@link Channel} itself holds each to the document. */
  const heard = async (act: (rig: AppRig, channel: Channel) => Promise<ServerMessage[]>) => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    const messages = await act(rig, channel)
    for (const message of messages) expect(flawsOf(message.type, message)).toEqual([])
    return messages
  }
  const seen = new Set<string>()

  const scenarios: [name: string, types: string[], act: Parameters<typeof heard>[0]][] = [
    [
      'of a job in which everything happens that can happen to a task',
      ['job', 'tasks', 'progress'],
      async (rig, channel) => {
        const tasks = [
          { ...holding(), key: 'held', retry: { attempts: 2, delayMs: 1_000 } },
          { ...failing(), key: 'failing' },
          echoing('x'.repeat(largestEventOutput)),
          { ...echoing(), after: ['failing'] },
          { ...echoing({ deep: [1, null, 'a'] }), delayMs: 1_000 },
        ]
        const { id } = await rig.submit(tasks, { name: 'all', labels: { team: 'growth' }, concurrency: 2 })
        channel.subscribe(id, 0)
        const first = await rig.runs.nth(1)
        await channel.flush()
        first.context.progress({ done: 1, total: 2, message: 'half way' })
        await rig.clock.advance(60)
        first.fail()
        const before = await channel.until(
          (message) => message.type === 'tasks' && message.data.some(({ runAt }) => runAt !== undefined),
        )
        await rig.clock.advance(1_000)
        const second = await rig.runs.nth(2)
        second.succeed()
        return [...before, ...(await channel.until(isEnd(id)))]
      },
    ],
    [
      'of a job that is scheduled, paused, resumed, cancelled, revived and decided by one task',
      ['job', 'tasks'],
      async (rig, channel) => {
        const { id } = await rig.submit([holding(), holding()], { mode: 'race', delayMs: 1_000 })
        channel.subscribe(id)
        await rig.clock.advance(1_000)
        await rig.runs.nth(1)
        for (const action of ['pause', 'resume', 'cancel']) await rig.post(`/jobs/${id}/${action}`)
        const cancelled = await channel.until(isEnd(id))
        await rig.post(`/jobs/${id}/retry`)
        channel.subscribe(id)
        const run = await rig.runs.nth(3)
        run.fail(false)
        return [...cancelled, ...(await channel.until(isEnd(id)))]
      },
    ],
    [
      'of a queue with everything that a queue can have',
      ['queue'],
      async (rig, channel) => {
        const script = new QueueScript(rig.engine)
        channel.send({ type: 'subscribe', queues: 'a' })
        script.change('a', {
          status: 'broken',
          own: { concurrency: null, paused: true },
          limits: {
            concurrency: 3,
            rate: { limit: 5, perMs: 1_000 },
            paused: true,
            adaptive: { min: 1, max: 5 },
            breaker: { failures: 0.5, of: 20, openMs: 1_000, probes: 1 },
          },
          pausedAt: 1,
          throttle: { at: 1, until: 2, why: '429' },
          quota: { limit: 5, perMs: 1_000, remaining: 0, resetAt: 5 },
          adapted: 4,
          circuit: { state: 'probing', since: 1, retryAt: 2 },
        })
        return channel.flush()
      },
    ],
    [
      'of jobs of a name and a label, and of a selection that is refused',
      ['job', 'selection', 'error'],
      async (rig, channel) => {
        channel.send({ type: 'subscribe', name: 'enrich', label: 'team:growth' })
        channel.send({ type: 'subscribe', name: 'enrich', label: 'growth' })
        const before = await channel.flush()
        await rig.run([echoing()], { name: 'enrich', labels: { team: 'growth' } })
        return [...before, ...(await channel.flush())]
      },
    ],
    [
      'of errors about jobs, queues and nothing, and of pongs',
      ['error', 'pong'],
      async (_, channel) => {
        const missing = '01900000-0000-7000-8000-000000000000'
        channel.subscribe(missing)
        channel.send({ type: 'subscribe', queues: 'a', job: missing })
        channel.send('hello')
        channel.send({ type: 'ping' })
        channel.send({ type: 'ping', id: 'last' })
        return channel.until((message) => message.type === 'pong' && message.id === 'last')
      },
    ],
  ]

  test.each(scenarios)('%s', async (_, types, act) => {
    const messages = await heard(act)
    const heardTypes = new Set(messages.map(({ type }) => type))
    expect([...heardTypes]).toEqual(expect.arrayContaining(types))
    for (const type of heardTypes) seen.add(type)
  })

  test('and no message is left out', () => {
    expect([...seen].sort()).toEqual(eventNames.toSorted())
  })
})
