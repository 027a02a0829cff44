import { beforeEach, describe, expect, test } from 'bun:test'
import { Flow } from '../../../src/engine/flow/flow.ts'
import type { Limits } from '../../../src/job/queues.ts'
import type { FlowRecords } from '../../../src/store/flow.ts'
import type { Claim } from '../../../src/store/store.ts'
import { claimOf, recordOf } from './world.ts'

const start = 1_000_000
const nothing: FlowRecords = { limits: [], states: [], starts: [] }

let flow: Flow
let told: string[]

const begin = (limits: Record<string, Limits> = {}, records: Partial<FlowRecords> = {}, ahead = 0) => {
  flow = new Flow(limits)
  flow.load({ ...nothing, ...records }, start)
  flow.begin(start, ahead)
  told = []
  flow.onChange((queue) => told.push(queue))
}

beforeEach(() => begin())

const claim = (queue: string, count = 1, now = start): Claim[] => {
  const claims = Array.from({ length: count }, (_, index) => claimOf(queue, index))
  flow.claimed(claims, now)
  return claims
}

const run = (queue: string, count = 1, now = start): Claim[] => {
  const claims = claim(queue, count, now)
  for (const claim of claims) flow.started(claim, now)
  return claims
}

const end = (
  claims: readonly Claim[],
  result: 'succeeded' | 'retry' | 'failed' = 'succeeded',
  now = start,
) => {
  for (const claim of claims) flow.ended(claim, result, 5, now)
}

const throttle = (ms: number, now = start) =>
  flow.heard('http:a', { pause: { ms, why: '429 with Retry-After' } }, now)

describe('a queue without limits', () => {
  test('has room for everything, and nothing that runs in it is in the way', () => {
    run('http:a', 1_000)
    expect(flow.room('http:a')).toBe(Number.POSITIVE_INFINITY)
    expect(flow.mayStart('http:a')).toBe(true)
    expect(flow.view('http:a', start)).toMatchObject({ status: 'open', running: 1_000, limits: {} })
  })

  test('is forgotten among 10,000 others, unless something of it runs or waits', () => {
    const [running] = run('http:running')
    flow.parked(['http:parked'])
    for (let index = 0; index < 30_000; index += 1)
      end(run(`http:${index}`, 1, start + index), 'succeeded', start + index)
    expect(flow.names().toSorted()).toEqual(['http:parked', 'http:running'])
    if (running) end([running])
    expect(flow.view('http:running', start).running).toBe(0)
  })
})

test('of a queue that is forgotten nothing is left on disk', () => {
  throttle(5_000)
  flow.takeChanges()
  flow.begin(start + 5_000, 0)
  // The slow start after the pause is over, too.
  for (let round = 0; round < 5; round += 1) end(run('http:a'), 'succeeded', start + 5_000)
  for (let index = 0; index < 30_000; index += 1)
    end(run(`http:${index}`, 1, start + 6_000), 'succeeded', start + 6_000)
  expect(flow.takeChanges().queueStates).toEqual([{ queue: 'http:a', state: undefined }])
})

describe('concurrency', () => {
  test('leaves room for as many as do not run and are not at hand', () => {
    begin({ 'http:*': { concurrency: 10 } })
    claim('http:a', 2)
    run('http:a', 3)
    expect(flow.room('http:a')).toBe(5)
    expect(flow.room('http:b')).toBe(10)
    expect(flow.view('http:a', start)).toMatchObject({
      status: 'open',
      running: 3,
      limits: { concurrency: 10 },
    })
  })

  test('lets no claim at hand start while as many run as may', () => {
    begin({ 'http:a': { concurrency: 2 } })
    const claims = run('http:a', 2)
    expect(flow.mayStart('http:a')).toBe(false)
    end(claims.slice(0, 1))
    expect(flow.mayStart('http:a')).toBe(true)
  })

  test.each<[Limits, number]>([
    [{ concurrency: 15 }, 15],
    [{ concurrency: 16 }, 64],
    [{ concurrency: 40 }, 140],
    [{ concurrency: 40, rate: { limit: 500, perMs: 1_000 } }, 40],
    [{ concurrency: 40, rate: { limit: 1_199, perMs: 1_000 } }, 40],
    [{ concurrency: 40, rate: { limit: 1_200, perMs: 1_000 } }, 140],
    [{ concurrency: 40, breaker: { failures: 0.5, of: 10, openMs: 1_000, probes: 1 } }, 40],
    [{ concurrency: 40, adaptive: { min: 40, max: 80 } }, 40],
  ])('with %j and 100 ahead has room for %d', (limits, room) => {
    begin({ 'http:a': limits }, {}, 100)
    expect(flow.room('http:a')).toBe(room)
  })
})

describe('limits', () => {
  test('hold from the moment that they are set, for all that they are for', () => {
    run('http:a', 2)
    flow.parked(['http:b'])
    flow.setLimits('http:*', recordOf('http:*', { concurrency: 1 }), start)
    expect([flow.room('http:a'), flow.room('http:b'), flow.room('http:new')]).toEqual([0, 1, 1])
    expect(told.toSorted()).toEqual(['http:*', 'http:a', 'http:b'])
    flow.setLimits('http:*', undefined, start)
    expect(flow.room('http:a')).toBe(Number.POSITIVE_INFINITY)
  })

  test('that pause a queue close it, and say since when', () => {
    flow.setLimits('http:a', recordOf('http:a', { paused: true }, start), start)
    expect(flow.room('http:a')).toBe(0)
    expect(flow.mayStart('http:a')).toBe(false)
    expect(flow.view('http:a', start)).toMatchObject({
      status: 'paused',
      pausedAt: start,
      own: { paused: true },
    })
    expect(flow.names()).toEqual(['http:a'])
  })

  test('of a pattern are shown under its name', () => {
    flow.setLimits('http:*', recordOf('http:*', { rate: { limit: 5, perMs: 1_000 } }), start)
    const { own, limits, status } = flow.view('http:*', start)
    expect({ own, limits, status }).toEqual({
      own: { rate: { limit: 5, perMs: 1_000 } },
      limits: { rate: { limit: 5, perMs: 1_000 } },
      status: 'open',
    })
  })

  test('of its own lift what a queue inherits, and are lifted by their removal', () => {
    begin({ 'http:*': { concurrency: 3 } })
    flow.setLimits('http:a', recordOf('http:a', { concurrency: null }), start)
    expect(flow.room('http:a')).toBe(Number.POSITIVE_INFINITY)
    flow.setLimits('http:a', undefined, start)
    expect(flow.room('http:a')).toBe(3)
  })
})

describe('a rate', () => {
  const limits: Limits = { rate: { limit: 3, perMs: 60_000 } }

  test('takes a start from the moment of the claim until a window after the real start', () => {
    begin({ 'http:a': limits })
    const claims = claim('http:a', 3)
    for (const claim of claims) flow.started(claim, start + 500)
    end(claims, 'succeeded', start + 600)
    flow.begin(start + 60_499, 0)
    expect(flow.room('http:a')).toBe(0)
    flow.begin(start + 60_500, 0)
    expect(flow.room('http:a')).toBe(3)
  })

  test('has the start of a claim again that is given back', () => {
    begin({ 'http:a': limits })
    for (const given of claim('http:a', 2)) flow.unclaimed(given)
    expect(flow.room('http:a')).toBe(3)
  })

  test('tells the store when a bucket has started, and which ones are no longer needed', () => {
    begin({ 'http:a': limits })
    expect(flow.bucketMs('http:a')).toBe(60)
    const [first, second] = claim('http:a', 2)
    const bucket = Math.floor(start / 60) * 60
    if (first) flow.started(first, start)
    expect(flow.takeChanges().started).toEqual([])
    if (second) flow.started(second, start + 7)
    const changes = flow.takeChanges()
    expect(changes.started).toEqual([{ queue: 'http:a', bucket, at: start + 7, from: bucket }])
    expect(flow.takeChanges().started).toEqual([])
    flow.keep(changes)
    expect(flow.takeChanges()).toEqual(changes)
  })

  test('does not keep the time of a bucket in which more was claimed since', () => {
    begin({ 'http:a': limits })
    run('http:a')
    const changes = flow.takeChanges()
    claim('http:a')
    flow.keep(changes)
    expect(flow.takeChanges().started).toEqual([])
  })

  test('that is set while tasks are at hand counts them too', () => {
    const claims = claim('http:a', 2)
    flow.setLimits('http:a', recordOf('http:a', limits), start)
    expect(flow.room('http:a')).toBe(1)
    for (const claim of claims) flow.started(claim, start)
    expect(flow.room('http:a')).toBe(1)
  })

  test('goes on after a restart, and lets go of what is no longer needed', () => {
    const starts = [
      { queue: 'http:a', bucket: 16_000, count: 5, at: start - 60_000 },
      { queue: 'http:a', bucket: 16_600, count: 2, at: undefined },
      { queue: 'http:gone', bucket: 16_600, count: 9, at: start },
    ]
    begin({ 'http:a': limits }, { starts })
    expect(flow.room('http:a')).toBe(1)
    const { started } = flow.takeChanges()
    expect(started).toContainEqual({ queue: 'http:a', bucket: 16_600, at: start, from: 16_600 })
    expect(started).toContainEqual(
      expect.objectContaining({ queue: 'http:gone', from: Number.MAX_SAFE_INTEGER }),
    )
  })

  test('that is removed leaves nothing behind', () => {
    flow.setLimits('http:a', recordOf('http:a', limits), start)
    run('http:a')
    flow.setLimits('http:a', undefined, start)
    expect(flow.takeChanges().started).toContainEqual(
      expect.objectContaining({ queue: 'http:a', from: Number.MAX_SAFE_INTEGER }),
    )
  })
})

describe('an upstream that asks to be left alone', () => {
  test('closes its queue for all, until then', () => {
    run('http:a', 3)
    throttle(5_000)
    expect(flow.room('http:a')).toBe(0)
    expect(flow.mayStart('http:a')).toBe(false)
    expect(flow.view('http:a', start)).toMatchObject({
      status: 'throttled',
      throttle: { at: start, until: start + 5_000, why: '429 with Retry-After' },
    })
    flow.begin(start + 5_000, 0)
    expect(flow.mayStart('http:b')).toBe(true)
    expect(flow.view('http:a', start + 5_000).status).not.toBe('throttled')
  })

  test('is told once, not for each refusal of a burst', () => {
    run('http:a', 50)
    for (let ms = 0; ms < 50; ms += 1) throttle(5_000, start + ms)
    expect(told).toEqual(['http:a'])
    throttle(60_000, start + 60)
    expect(told).toEqual(['http:a', 'http:a'])
  })

  test('is remembered across a restart', () => {
    throttle(5_000)
    const { queueStates } = flow.takeChanges()
    begin({}, { states: queueStates })
    expect(flow.room('http:a')).toBe(0)
    expect(flow.nextOpenAt()).toBeUndefined()
    flow.parked(['http:a'])
    expect(flow.nextOpenAt()).toBe(start + 5_000)
    expect(flow.opened(start + 5_000)).toEqual(['http:a'])
  })

  test('is not remembered when that is over, nor is what cannot be read', () => {
    throttle(5_000)
    const [state] = flow.takeChanges().queueStates
    begin()
    const states = [
      ...(state ? [state] : []),
      { queue: 'http:b', state: '{"throttle":7}' },
      { queue: 'http:c', state: '{' },
    ]
    flow = new Flow()
    flow.load({ ...nothing, states }, start + 5_000)
    expect(flow.takeChanges().queueStates).toEqual(
      ['http:a', 'http:b', 'http:c'].map((queue) => ({ queue, state: undefined })),
    )
    expect(flow.room('http:b')).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('a quota that an upstream tells', () => {
  const quota = { limit: 10, perMs: 1_000, remaining: 7, resetMs: 1_000 }

  test('is held for all, shown, and kept when it is new', () => {
    run('http:a', 3)
    flow.heard('http:a', { quota }, start)
    expect(flow.room('http:a')).toBe(7)
    expect(flow.view('http:a', start).quota).toEqual({
      limit: 10,
      perMs: 1_000,
      remaining: 7,
      resetAt: undefined,
    })
    const changes = flow.takeChanges()
    expect(changes.queueStates).toEqual([
      { queue: 'http:a', state: '{"policies":[{"limit":10,"perMs":1000}]}' },
    ])
    flow.heard('http:a', { quota }, start + 1)
    expect(flow.takeChanges().queueStates).toEqual([])
    flow.keep(changes)
    expect(flow.takeChanges()).toEqual(changes)
  })

  test('is forgotten when responses no longer tell it', () => {
    const claims = run('http:a', 3)
    flow.heard('http:a', { quota }, start)
    flow.takeChanges()
    end(claims, 'succeeded', start + 60_000)
    flow.begin(start + 60_000, 0)
    expect(flow.room('http:a')).toBe(Number.POSITIVE_INFINITY)
    expect(flow.takeChanges().queueStates).toEqual([{ queue: 'http:a', state: undefined }])
  })
})

describe('a circuit', () => {
  const limits: Limits = { breaker: { failures: 1, of: 2, openMs: 1_000, probes: 1 } }

  test('opens, probes in its time, and closes; each is told, and kept', () => {
    begin({ 'http:a': limits })
    end(run('http:a', 2), 'retry')
    expect(told).toEqual(['http:a'])
    expect(flow.room('http:a')).toBe(0)
    expect(flow.view('http:a', start)).toMatchObject({
      status: 'broken',
      circuit: { state: 'open', since: start, retryAt: start + 1_000 },
    })
    expect(flow.takeChanges().queueStates).toHaveLength(1)
    expect(flow.nextOpenAt()).toBe(start + 1_000)
    flow.begin(start + 1_000, 0)
    expect(flow.room('http:a')).toBe(1)
    end(run('http:a', 1, start + 1_000), 'succeeded', start + 1_000)
    expect(flow.view('http:a', start).circuit?.state).toBe('closed')
    expect(told).toEqual(['http:a', 'http:a', 'http:a'])
    expect(flow.takeChanges().queueStates).toEqual([{ queue: 'http:a', state: undefined }])
  })

  test('is open after a restart', () => {
    begin({ 'http:a': limits })
    end(run('http:a', 2), 'retry')
    const { queueStates } = flow.takeChanges()
    begin({ 'http:a': limits }, { states: queueStates })
    expect(flow.view('http:a', start).circuit?.state).toBe('open')
    expect(flow.nextOpenAt()).toBe(start + 1_000)
  })

  test('does not open for tasks that failed for good, unless the caller says that this is trouble', () => {
    begin({ 'http:a': limits })
    end(run('http:a', 4), 'failed')
    expect(flow.view('http:a', start).circuit?.state).toBe('closed')
    for (const claim of run('http:a', 2)) flow.ended(claim, 'failed', 5, start, false)
    expect(flow.view('http:a', start).circuit?.state).toBe('open')
  })
})

test('a queue that adapts runs as many as it has found to be right', () => {
  begin({ 'http:a': { adaptive: { min: 1, max: 100 } } })
  expect(flow.room('http:a')).toBe(2)
  end(run('http:a', 2))
  expect(flow.room('http:a')).toBe(4)
  run('http:a', 4)
  flow.heard('http:a', { overloaded: true }, start)
  expect(flow.view('http:a', start)).toMatchObject({ adapted: 2, status: 'limited' })
})

describe('parked queues', () => {
  beforeEach(() => begin({ '*': { concurrency: 1 } }))

  test('are opened when something of them ended, and not before', () => {
    const claims = run('http:a')
    flow.parked(['http:a'])
    expect(flow.opened(start)).toEqual([])
    end(claims)
    expect(flow.opened(start)).toEqual(['http:a'])
    flow.drained(['http:a'])
    expect(flow.opened(start)).toEqual([])
  })

  test('are opened when their limits change', () => {
    run('http:a')
    flow.parked(['http:a'])
    flow.setLimits('http:a', recordOf('http:a', { concurrency: 2 }), start)
    expect(flow.opened(start)).toEqual(['http:a'])
  })

  test('take turns', () => {
    const names = ['http:a', 'http:b', 'http:c', 'http:d', 'http:e']
    flow.parked(names)
    expect(flow.opened(start, 2)).toEqual(['http:a', 'http:b'])
    expect(flow.opened(start, 2)).toEqual(['http:c', 'http:d'])
    expect(flow.opened(start, 2)).toEqual(['http:e', 'http:a'])
  })

  test('are opened when their time has come, which is told beforehand', () => {
    begin({ '*': { rate: { limit: 1, perMs: 1_000 } } })
    run('http:b', 1, start - 400)
    run('http:a', 1, start)
    flow.parked(['http:a', 'http:b'])
    expect(flow.nextOpenAt()).toBe(start + 600)
    expect(flow.opened(start + 600)).toEqual(['http:b'])
    expect(flow.nextOpenAt()).toBe(start + 1_000)
    expect(flow.opened(start + 999)).toEqual(['http:b'])
    expect(flow.opened(start + 1_000).toSorted()).toEqual(['http:a', 'http:b'])
  })

  test('of which nothing is ever claimed are not offered in every commit', () => {
    flow.parked(['http:a'])
    let offered = 0
    for (let now = start; now < start + 10_000; now += 1) offered += flow.opened(now).length
    expect(offered).toBeWithin(5, 25)
    claim('http:a')
    for (const given of claim('http:a', 0)) flow.unclaimed(given)
    expect(flow.nextOpenAt()).toBeUndefined()
  })

  test('cost nothing while nothing happens to them', () => {
    begin({ '*': { paused: true } })
    flow.parked(Array.from({ length: 50_000 }, (_, index) => `http:${index}`))
    flow.opened(start)
    const since = Bun.nanoseconds()
    for (let now = start; now < start + 1_000; now += 1) flow.opened(now)
    expect((Bun.nanoseconds() - since) / 1_000).toBeLessThan(100_000)
  })
})
