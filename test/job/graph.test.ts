import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Dependency, findCycle } from '../../src/job/graph.ts'

const after = (...tasks: number[]): Dependency[] => tasks.map((task) => ({ task, on: 'succeeded' }))

describe('a circle', () => {
  test.each<[string, number[][], number[] | undefined]>([
    ['none among no tasks', [], undefined],
    ['none among tasks that wait for nothing', [[], []], undefined],
    ['none in a diamond', [[], [0], [0], [1, 2]], undefined],
    ['of one that waits for itself', [[], [1]], [1]],
    ['of two', [[1], [0]], [0, 1]],
    ['found behind tasks that only lead to it', [[1], [2], [3], [2]], [2, 3]],
    ['found past tasks that only come after it', [[2], [0], [3], [2]], [2, 3]],
  ])('%s', (_, graph, circle) => {
    const found = findCycle(graph.map((tasks) => after(...tasks)))
    expect(found?.toSorted()).toEqual(circle)
  })

  test('is named in the order in which its tasks would run', () => {
    // 0 after 2, 1 after 0, 2 after 1: so 0, then 1, then 2, then 0.
    const circle = findCycle([after(2), after(0), after(1)])
    expect(circle?.map((task, at, all) => [task, all[(at + 1) % all.length]])).toEqual(
      expect.arrayContaining([
        [0, 1],
        [1, 2],
        [2, 0],
      ]),
    )
  })

  test('is found if there is one, and each of its tasks waits for the one before', () => {
    const graphs = fc.array(fc.uniqueArray(fc.nat(9), { maxLength: 4 }), { minLength: 10, maxLength: 10 })
    fc.assert(
      fc.property(graphs, (graph) => {
        const circle = findCycle(graph.map((tasks) => after(...tasks)))
        if (!circle) return expect(hasOrder(graph)).toBe(true)
        for (const [at, task] of circle.entries()) expect(graph[task]).toContain(circle.at(at - 1) ?? -1)
      }),
    )
  })
})

/** Whether the tasks can run one after the other. */
const hasOrder = (graph: readonly number[][]): boolean => {
  const done = new Set<number>()
  for (let round = 0; round < graph.length; round += 1)
    for (const [task, waits] of graph.entries()) if (waits.every((one) => done.has(one))) done.add(task)
  return done.size === graph.length
}

test('a graph of 10,000 tasks and 50,000 edges, and a chain of 100,000 tasks, are checked', () => {
  const wide = Array.from({ length: 10_000 }, (_, task) =>
    after(...(task < 5 ? [] : [1, 2, 3, 4, 5].map((back) => Math.floor((task * (back * 7 + 1)) % task)))),
  )
  const chain = Array.from({ length: 100_000 }, (_, task) => (task === 0 ? [] : after(task - 1)))
  expect(findCycle(wide)).toBeUndefined()
  expect(findCycle(chain)).toBeUndefined()
  expect(findCycle([after(99_999), ...chain.slice(1)])).toHaveLength(100_000)
})
