export const dependencyEnds = ['succeeded', 'ended'] as const

/** What a task waits for: that another one succeeds, or that it ends, however it does. */
export interface Dependency {
  task: number
  on: (typeof dependencyEnds)[number]
}

/**
 * A circle of tasks that wait for each other, in order, or undefined if there is none. Kahn's algorithm finds whether
 * there is one in time linear in tasks and edges; what it leaves contains the circle.
 */
export const findCycle = (dependencies: readonly (readonly Dependency[])[]): number[] | undefined => {
  const waiting = dependencies.map((of) => of.length)
  const dependants: number[][] = dependencies.map(() => [])
  for (const [task, of] of dependencies.entries()) for (const { task: on } of of) dependants[on]?.push(task)

  const free = waiting.flatMap((count, task) => (count === 0 ? [task] : []))
  let done = 0
  for (let task = free.pop(); task !== undefined; task = free.pop()) {
    done += 1
    for (const dependant of dependants[task] ?? []) {
      const left = (waiting[dependant] ?? 0) - 1
      waiting[dependant] = left
      if (left === 0) free.push(dependant)
    }
  }
  return done === dependencies.length ? undefined : circleAmong(dependencies, waiting)
}

/** Every task that is left waits for another that is left: following them comes back to one seen before. */
const circleAmong = (
  dependencies: readonly (readonly Dependency[])[],
  waiting: readonly number[],
): number[] => {
  const path: number[] = []
  const at = new Map<number, number>()
  let task = waiting.findIndex((count) => count > 0)
  while (!at.has(task)) {
    at.set(task, path.length)
    path.push(task)
    task = dependencies[task]?.find(({ task: on }) => (waiting[on] ?? 0) > 0)?.task ?? task
  }
  return path.slice(at.get(task)).reverse()
}
