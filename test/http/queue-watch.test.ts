import { describe, expect, test } from 'bun:test'
import type { Engine } from '../../src/engine/engine.ts'
import { Outbox } from '../../src/http/channel/outbox.ts'
import { QueueWatch } from '../../src/http/channel/queue-watch.ts'
import { mostPatterns } from '../../src/job/commands.ts'
import { bufferBytes, FakeSocket, full } from './fake-socket.ts'
import { QueueScript } from './queue-script.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

const start = () => {
  // Nothing else of an engine is asked for.
  const engine = {} as Engine
  const script = new QueueScript(engine)
  const socket = new FakeSocket()
  const outbox = new Outbox(socket, bufferBytes)
  const errors: unknown[] = []
  const watch = new QueueWatch(engine, outbox, (error, pattern) => void errors.push([pattern, error]))
  return {
    engine,
    script,
    socket,
    watch,
    errors,
    fill() {
      void outbox.send({}, 'x'.repeat(full))
      socket.sent.pop()
    },
    /** The reader takes everything. */
    async drain() {
      socket.buffered = 0
      outbox.drained()
      await turn()
    },
    /** `name status` of what was sent since the last time this was asked. */
    async told() {
      await turn()
      return socket.sent.splice(0).map((text) => {
        const { type, data } = JSON.parse(text)
        expect(type).toBe('queue')
        return `${data.name} ${data.status}`
      })
    },
  }
}

describe('whoever watches', () => {
  test('a name is told how that queue stands, and each change of it', async () => {
    const { script, watch, told } = start()
    script.set('a', { status: 'paused' })
    watch.add('a')
    watch.add('b')
    expect(await told()).toEqual(['a paused', 'b open'])
    script.change('a', { status: 'open' })
    script.change('c', { status: 'paused' })
    expect(await told()).toEqual(['a open'])
    watch.close()
  })

  test('a pattern is told of the queues that are not open, and of each change of those it fits', async () => {
    const { script, watch, told } = start()
    script.set('http:a', { status: 'paused' })
    script.set('http:b')
    script.set('http:c', { status: 'broken' })
    script.set('sql:d', { status: 'paused' })
    watch.add('http:*')
    expect(await told()).toEqual(['http:a paused', 'http:c broken'])
    script.change('http:b', { status: 'throttled' })
    script.change('http:new', { status: 'limited' })
    script.change('sql:d')
    expect(await told()).toEqual(['http:b throttled', 'http:new limited'])
    watch.close()
  })

  test('by two patterns is told of each change once', async () => {
    const { script, watch, told } = start()
    for (const pattern of ['http:*', '*:a', 'http:a']) watch.add(pattern)
    expect(await told()).toEqual(['http:a open'])
    script.change('http:a', { status: 'paused' })
    expect(await told()).toEqual(['http:a paused'])
    watch.close()
  })

  test('once more is told once more how things stand', async () => {
    const { script, watch, told } = start()
    script.set('a', { status: 'paused' })
    watch.add('*')
    expect(await told()).toEqual(['a paused'])
    watch.add('*')
    expect(await told()).toEqual(['a paused'])
    watch.close()
  })

  test('finds what is not open among any number of queues', async () => {
    const { script, watch, told } = start()
    for (let index = 0; index < 2_500; index += 1)
      script.set(`q${String(index).padStart(4, '0')}`, { status: index % 1_000 === 999 ? 'paused' : 'open' })
    watch.add('*')
    expect(await told()).toEqual(['q0999 paused', 'q1999 paused'])
    watch.close()
  })

  test('is not told how a queue stood before a change that was told already', async () => {
    const { engine, script, watch, told } = start()
    const stale = script.set('a', { status: 'paused' })
    const asked = Promise.withResolvers<(typeof stale)[]>()
    engine.queues = () => asked.promise
    watch.add('*')
    script.change('a', { status: 'open' })
    asked.resolve([stale])
    expect(await told()).toEqual(['a open'])
    watch.close()
  })

  test('no more is told nothing more, not even what was waiting', async () => {
    const { script, watch, told, fill, drain } = start()
    watch.add('a*')
    watch.add('b')
    expect(await told()).toEqual(['b open'])
    fill()
    for (const name of ['a1', 'a2', 'b']) script.change(name, { status: 'paused' })
    watch.remove('a*')
    await turn()
    await drain()
    expect(await told()).toEqual(['b paused'])
    script.change('a1')
    expect(await told()).toEqual([])
    watch.remove('b')
    watch.remove('never watched')
    expect(script.listeners.size).toBe(0)
  })
})

describe('a slow reader', () => {
  test('is told the latest state of each queue, however often it changed', async () => {
    const { script, watch, told, fill, drain } = start()
    watch.add('*')
    await turn()
    fill()
    for (let change = 0; change < 100; change += 1)
      for (const name of ['a', 'b']) script.change(name, { status: change % 2 === 0 ? 'paused' : 'limited' })
    expect(await told()).toEqual([])
    for (let step = 0; step < 3; step += 1) await drain()
    // The first was on its way already.
    expect(await told()).toEqual(['a paused', 'b limited', 'a limited'])
    watch.close()
  })

  test('of more queues than may wait is let go', async () => {
    const { script, socket, watch, fill } = start()
    watch.add('*')
    await turn()
    fill()
    for (let index = 0; index <= 10_000; index += 1) script.change(`q${index}`)
    expect(socket.closed).toBeUndefined()
    script.change('one more')
    expect(socket.closed).toBe(1013)
    watch.close()
  })
})

test(`a socket watches ${mostPatterns} names and patterns and no more`, () => {
  const { watch } = start()
  for (let index = 0; index < mostPatterns; index += 1) watch.add(`q${index}`)
  watch.add('q0')
  expect(() => watch.add('more')).toThrow(
    `Expected at most ${mostPatterns} names and patterns of queues a socket, got one more.`,
  )
  watch.remove('q0')
  watch.add('more')
  watch.close()
})

test('a closed socket costs the engine nothing', async () => {
  const { script, watch, told } = start()
  watch.add('*')
  watch.add('a')
  expect(script.listeners.size).toBe(1)
  watch.close()
  expect(script.listeners.size).toBe(0)
  script.change('a')
  expect(await told()).toEqual([])
})

test('what fails ends the subscription, and is told', async () => {
  const { engine, script, watch, told, errors } = start()
  engine.queue = () => Promise.reject(new Error('SQLITE_IOERR'))
  watch.add('a')
  await turn()
  expect(errors).toEqual([['a', new Error('SQLITE_IOERR')]])
  expect(script.listeners.size).toBe(0)
  expect(await told()).toEqual([])
})
