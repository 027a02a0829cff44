import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  endedJobStates,
  endedTaskStates,
  hasEnded,
  jobStatesBefore,
  jobTransitions,
  nextJobState,
  nextTaskState,
  taskStatesBefore,
  taskTransitions,
} from '../../src/job/state.ts'

// Widened to text, so that one suite reads both machines.
const machines = [
  {
    name: 'task',
    table: taskTransitions as Record<string, Record<string, string>>,
    next: nextTaskState as (state: string, trigger: string) => string | undefined,
    before: taskStatesBefore as (trigger: string) => string[],
    ended: endedTaskStates as readonly string[],
  },
  {
    name: 'job',
    table: jobTransitions as Record<string, Record<string, string>>,
    next: nextJobState as (state: string, trigger: string) => string | undefined,
    before: jobStatesBefore as (trigger: string) => string[],
    ended: endedJobStates as readonly string[],
  },
]

const isEnded = hasEnded as (state: string) => boolean

describe.each(machines)('the $name machine', ({ table, next, before, ended }) => {
  const states = Object.keys(table)
  const triggers = [...new Set(Object.values(table).flatMap((arrows) => Object.keys(arrows)))]

  test('every arrow leads to a state of the machine', () => {
    for (const arrows of Object.values(table))
      for (const to of Object.values(arrows)) expect(states).toContain(to)
  })

  test('the next state is what the table says, and nothing where it says nothing', () => {
    for (const state of states)
      for (const trigger of triggers) expect(next(state, trigger)).toBe(table[state]?.[trigger])
  })

  test('the states before a trigger are exactly those with its arrow', () => {
    const derived = triggers.flatMap((trigger) => before(trigger).map((state) => `${state} ${trigger}`))
    const written = states.flatMap((state) =>
      Object.keys(table[state] ?? {}).map((trigger) => `${state} ${trigger}`),
    )
    expect(derived.toSorted()).toEqual(written.toSorted())
  })

  test('what has ended leaves its state by revive alone, and only what has ended is revived', () => {
    for (const state of states) {
      expect(isEnded(state)).toBe(ended.includes(state))
      if (ended.includes(state))
        expect(Object.keys(table[state] ?? {}).filter((trigger) => trigger !== 'revive')).toEqual([])
      else expect(before('revive')).not.toContain(state)
    }
  })

  test('every state can be reached from the first, and an end from every state', () => {
    const reach = (from: string, seen = new Set<string>()): Set<string> => {
      if (seen.has(from)) return seen
      seen.add(from)
      for (const to of Object.values(table[from] ?? {})) reach(to, seen)
      return seen
    }
    expect([...reach(states[0] ?? '')].toSorted()).toEqual(states.toSorted())
    for (const state of states) expect(ended.some((end) => reach(state).has(end))).toBe(true)
  })

  test('no sequence of triggers takes an ended one anywhere without a revive', () => {
    fc.assert(
      fc.property(fc.constantFrom(...states), fc.array(fc.constantFrom(...triggers)), (start, sequence) => {
        let state = start
        for (const trigger of sequence) {
          const to = next(state, trigger)
          if (ended.includes(state) && trigger !== 'revive') expect(to).toBeUndefined()
          state = to ?? state
          expect(states).toContain(state)
        }
      }),
    )
  })
})

test('a task that succeeded cannot be revived: its output stands', () => {
  expect(taskTransitions.succeeded).toEqual({})
})

test('a task is only ever settled out of running', () => {
  for (const trigger of ['succeed', 'fail', 'retry', 'snooze', 'release', 'rescue'] as const)
    expect(taskStatesBefore(trigger)).toEqual(['running'])
})

test('a job ends only through stopping', () => {
  for (const trigger of ['succeed', 'fail', 'cancel'] as const)
    expect(jobStatesBefore(trigger)).toEqual(['stopping'])
})
