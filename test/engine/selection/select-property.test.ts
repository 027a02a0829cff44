import { afterAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { isSelected, type Selection } from '../../../src/job/selection.ts'
import { hasEnded } from '../../../src/job/state.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import type { JobRecord } from '../../../src/store/store.ts'
import type { JobFields } from '../../support/jobs.ts'
import { idsOf, type Seeker, turns, World } from '../kit/selecting.ts'

const store = openSqlite({ file: ':memory:' })
afterAll(() => store.close())

const fields: fc.Arbitrary<JobFields> = fc.record({
  name: fc.constantFrom('enrich', undefined),
  labels: fc.constantFrom({}, { team: 'growth' }),
  tasks: fc.constantFrom(0, 1),
})
type Step = (world: World) => Promise<void>
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(fc.array(fields, { maxLength: 4 }), fc.nat({ max: 2 })).map(
      ([jobs, lag]): Step =>
        (world) =>
          world.submit(jobs, lag),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom('cancel' as const, 'delete' as const), fc.nat()).map(
      ([type, nth]): Step =>
        (world) =>
          world.act(type, nth),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat({ max: 3 }).map(
      (count): Step =>
        () =>
          turns(count),
    ),
  },
)

describe('whatever is committed, and however slow the store and the reader are', () => {
  test('each job of the selection is found once, the new ones in order, and none is passed over by what was reached', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 4 }),
        fc.array(step, { maxLength: 12 }),
        fc.array(step, { maxLength: 25 }),
        fc.boolean(),
        fc.nat({ max: 2 }),
        fc.nat(),
        async (delays, before, after, byLabel, slowness, nth) => {
          const world = new World(store, delays)
          for (const step of before) await step(world)
          const selection: Selection = { name: world.name, ...(byLabel && { label: ['team', 'growth'] }) }
          const fresh = world.select(selection, slowness)
          const since = world.jobs[nth % world.jobs.length]?.number ?? 0
          const resumed = world.select(selection, slowness, { since })
          const begun = (await world.current()).flatMap((job) => job ?? [])
          for (const step of after) await step(world)
          await turns(300)

          const kept = (await world.current()).flatMap((job) => job ?? [])
          const here = { jobs: world.jobs, begun, kept, selection }
          expectFound(fresh, { ...here, since: begun.at(-1)?.number ?? 0 })
          expectFound(resumed, { ...here, since })
          for (const seeker of [fresh, resumed]) {
            seeker.abort.abort()
            await seeker.done
          }
          expect(world.selections.size).toBe(0)
        },
      ),
      { numRuns: 60 },
    )
  }, 30_000)
})

interface History {
  selection: Selection
  since: number
  /** All jobs there were. */
  jobs: readonly JobRecord[]
  /** Those that were there when the selection began, as they were then. */
  begun: readonly JobRecord[]
  /** Those that are there in the end, as they are then. */
  kept: readonly JobRecord[]
}

const expectFound = ({ told }: Seeker, { selection, since, begun, kept, ...all }: History): void => {
  const selected = (jobs: readonly JobRecord[]) => jobs.filter((job) => isSelected(selection, job))
  const open = (jobs: readonly JobRecord[]) => selected(jobs).filter(({ state }) => !hasEnded(state))
  const fresh = (jobs: readonly JobRecord[]) => selected(jobs).filter(({ number }) => number > since)
  const found = told.flatMap(([type, id]) => (type === 'job' ? id : []))
  expect(new Set(found).size).toBe(found.length)
  const whole = told.flatMap(([type, id, after]) => (type === 'job' && after === 0 ? id : []))
  // One that was deleted may have been found before.
  const there = new Set(idsOf(kept))
  expect(whole.filter((id) => there.has(id))).toEqual(idsOf(fresh(kept)))
  const listed = found.filter((id) => !whole.includes(id))
  expect(idsOf(open(begun))).toEqual(expect.arrayContaining(listed))
  expect(listed).toEqual(expect.arrayContaining(idsOf(open(kept).filter(({ number }) => number <= since))))
  expectReached(told, fresh(all.jobs), fresh(kept).at(-1)?.number)
}

const expectReached = (told: Seeker['told'], fresh: readonly JobRecord[], last = 0): void => {
  const numbers = new Map(fresh.map(({ id, number }) => [id, number]))
  let reached = -1
  for (const [type, value] of told)
    if (type === 'reached') {
      expect(value).toBeGreaterThanOrEqual(reached)
      reached = value
    } else expect(numbers.get(value) ?? Number.POSITIVE_INFINITY).toBeGreaterThan(reached)
  expect(reached).toBeGreaterThanOrEqual(last)
}
