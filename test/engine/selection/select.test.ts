import { afterAll, describe, expect, test } from 'bun:test'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { idsOf, turns, World } from '../kit/selecting.ts'

const store = openSqlite({ file: ':memory:' })
afterAll(() => store.close())

describe('a selection', () => {
  test('lists what is open, says how far that is, and goes on with what comes', async () => {
    const world = new World(store)
    await world.submit([{ name: 'enrich' }, { name: 'enrich', tasks: 0 }, { name: 'enrich' }, {}])
    const [first, , third, other] = world.jobs
    const seeker = world.select({ name: world.name }, 0)
    await turns(5)
    await world.submit([{}, { name: 'enrich', tasks: 0 }])
    await turns(5)
    const made = world.jobs.at(-1)
    expect(seeker.told).toEqual([
      ['job', first?.id ?? '', undefined],
      ['job', third?.id ?? '', undefined],
      ['reached', other?.number ?? 0],
      ['job', made?.id ?? '', 0],
      ['reached', made?.number ?? 0],
    ])
    seeker.abort.abort()
    await seeker.done
  })

  test('that resumes goes on with what was seen, and finds what was made and ended meanwhile', async () => {
    const world = new World(store)
    await world.submit([{ name: 'enrich' }, { name: 'enrich' }, { name: 'enrich', tasks: 0 }])
    await world.submit(Array.from({ length: 2 }, () => ({ name: 'enrich', tasks: 0 })))
    const [open = '', seenOpen = '', , seenNew = '', missed = ''] = idsOf(world.jobs)
    const seeker = world.select({ name: world.name }, 0, {
      since: world.jobs[2]?.number ?? 0,
      seen: new Map([
        [seenNew, 2],
        [seenOpen, 1],
      ]),
    })
    await turns(5)
    expect(seeker.told).toEqual([
      ['job', seenNew, 2],
      ['job', seenOpen, 1],
      ['job', open, undefined],
      ['job', missed, 0],
      ['reached', world.jobs[4]?.number ?? 0],
    ])
    seeker.abort.abort()
    await seeker.done
  })

  test('from the future is refused: the database is another, or older', async () => {
    const world = new World(store)
    const last = await store.lastNumber()
    const seeker = world.select({ name: world.name }, 0, { since: last + 1 })
    await expect(seeker.done).rejects.toThrow(`Expected "since" between 0 and ${last}`)
    expect(world.selections.size).toBe(0)
  })

  test('finds all in order, however many come while it is slow', async () => {
    const world = new World(store)
    const seeker = world.select({ name: world.name }, 1)
    await turns(5)
    for (let times = 0; times < 3; times += 1)
      await world.submit(Array.from({ length: 1_200 }, () => ({ name: 'enrich', tasks: 0 })))
    const last = world.jobs.at(-1)?.number ?? 0
    while (seeker.told.at(-1)?.[1] !== last) await turns(1)
    expect(seeker.told.flatMap(([type, id]) => (type === 'job' ? id : []))).toEqual(idsOf(world.jobs))
    await turns(5)
    const { reads } = world
    await turns(5)
    expect(world.reads).toBe(reads)
    seeker.abort.abort()
    await seeker.done
  })

  test('is told of a job that goes on after its end', async () => {
    const world = new World(store)
    await world.submit([{ name: 'enrich' }])
    const [job] = await world.current()
    const seeker = world.select({ name: world.name }, 0)
    await turns(5)
    await world.act('cancel', 0)
    const [ended] = await world.current()
    await world.act('retry', 0)
    expect(seeker.revivals).toEqual([[job?.id ?? '', ended?.seq ?? 0]])
    seeker.abort.abort()
    await seeker.done
  })

  test('is not told of it while it is still to be found, new or seen', async () => {
    const world = new World(store)
    await world.submit([{ name: 'enrich' }, { name: 'enrich' }])
    const last = world.jobs.at(-1)?.number ?? 0
    const seen = new Map(idsOf(world.jobs).map((id) => [id, 1]))
    const seekers = [
      world.select({ name: world.name }, 100, { since: 0 }),
      world.select({ name: world.name }, 100, { since: last, seen }),
    ]
    while (seekers.some(({ told }) => told.length === 0)) await turns(1)
    await world.act('cancel', 1)
    await world.act('retry', 1)
    for (const { revivals, abort, done } of seekers) {
      expect(revivals).toEqual([])
      abort.abort()
      await done
    }
  })

  test('says from where it will find a job, until it has', async () => {
    const world = new World(store)
    await world.submit([{ name: 'enrich' }, { name: 'enrich' }, {}])
    const [seen = '', fresh = ''] = idsOf(world.jobs)
    const since = world.jobs[0]?.number ?? 0
    const seeker = world.select({ name: world.name }, 3, { since, seen: new Map([[seen, 7]]) })
    await turns(2)
    const wanted = () => world.jobs.map((job) => seeker.wants(job.id, job))
    expect(wanted()).toEqual([undefined, 0, undefined])
    while (seeker.told.at(-1)?.[0] !== 'reached') await turns(1)
    expect(seeker.told).toMatchObject([
      ['job', seen, 7],
      ['job', fresh, 0],
      ['reached', expect.any(Number)],
    ])
    expect(wanted()).toEqual([undefined, undefined, undefined])
    seeker.abort.abort()
    await seeker.done
  })
})
