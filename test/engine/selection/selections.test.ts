import { describe, expect, test } from 'bun:test'
import { type Arrivals, behind } from '../../../src/engine/selection/arrivals.ts'
import { Selections } from '../../../src/engine/selection/selections.ts'
import type { Selection } from '../../../src/job/selection.ts'
import type { JobChange } from '../../../src/store/store.ts'
import { change, job } from '../kit/change.ts'

const made = (number: number, name: string | undefined, labels: Record<string, string> = {}): JobChange =>
  change([], { moved: true, job: job({ number, id: `job ${number}`, name, labels }) })

const numbersIn = async (arrivals: Arrivals): Promise<unknown[]> => {
  const numbers: unknown[] = []
  while (!arrivals.empty) {
    const next = await arrivals.next()
    numbers.push(typeof next === 'object' ? next.number : next)
    if (next === behind) arrivals.clear()
  }
  return numbers
}

const ignored = () => {}

describe('a new job is told', () => {
  const changes = [
    made(1, 'enrich'),
    made(2, undefined, { team: 'growth', enrich: 'team' }),
    made(3, 'enrich', { team: 'growth' }),
    made(4, 'enriched', { team: 'core' }),
    made(5, 'growth', { enrich: 'growth' }),
  ]
  test.each<[Selection, number[]]>([
    [{ name: 'enrich' }, [1, 3]],
    [{ label: ['team', 'growth'] }, [2, 3]],
    [{ name: 'enrich', label: ['team', 'growth'] }, [3]],
    [{ name: 'enrich', label: ['team', 'core'] }, []],
    [{ name: 'team:growth' }, []],
  ])('to who selects %j', async (selection, numbers) => {
    const selections = new Selections()
    const arrivals = selections.join(selection, ignored)
    selections.publish(changes)
    expect(await numbersIn(arrivals)).toEqual(numbers)
  })

  test('to each who selects it, and to nobody who has left', async () => {
    const selections = new Selections()
    const [a, b, c] = [0, 1, 2].map(() => selections.join({ name: 'enrich' }, ignored))
    if (!a || !b || !c) throw new Error('Expected three')
    selections.leave(b)
    selections.publish(changes)
    expect([await numbersIn(a), await numbersIn(b), await numbersIn(c)]).toEqual([[1, 3], [], [1, 3]])
    for (const one of [a, c]) selections.leave(one)
    expect(selections.size).toBe(0)
  })
})

test('what happens to a job later is not told, nor is one that is gone already', async () => {
  const selections = new Selections()
  const arrivals = selections.join({ name: 'enrich' }, ignored)
  selections.publish([
    { ...made(1, 'enrich'), since: 4 },
    { ...made(2, 'enrich'), deleted: true },
  ])
  expect(arrivals.empty).toBe(true)
})

test('a job that goes on after its end is told at once, with the seq that it ended with', () => {
  const selections = new Selections()
  const told: unknown[] = []
  const arrivals = selections.join({ name: 'enrich' }, ({ id, number }, since) =>
    told.push([id, number, since]),
  )
  selections.publish([{ ...made(7, 'enrich'), since: 4, revived: true }])
  expect(told).toEqual([['job 7', 7, 4]])
  expect(arrivals.empty).toBe(true)
})

test('one who comes to its jobs late is told to read them from the store, and keeps few', async () => {
  const selections = new Selections()
  const arrivals = selections.join({ name: 'enrich' }, ignored)
  const numbers = Array.from({ length: 5_000 }, (_, i) => i + 1)
  selections.publish(numbers.slice(0, 1_000).map((number) => made(number, 'enrich')))
  expect(await numbersIn(arrivals)).toEqual(numbers.slice(0, 1_000))
  selections.publish(numbers.map((number) => made(number, 'enrich')))
  expect(await numbersIn(arrivals)).toEqual([behind])
  selections.publish([made(5_001, 'enrich')])
  expect(await numbersIn(arrivals)).toEqual([5_001])
})

test('when the server stops, every selection is over, one that comes later too', async () => {
  const selections = new Selections()
  const arrivals = selections.join({ name: 'enrich' }, ignored)
  const next = arrivals.next()
  selections.close()
  expect(await next).toBeUndefined()
  expect(await selections.join({ name: 'enrich' }, ignored).next()).toBeUndefined()
})
