import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { Agenda } from '../../../src/engine/flow/agenda.ts'

const step = fc.oneof(
  fc.record({ type: fc.constant('set'), item: fc.nat({ max: 15 }), at: fc.nat({ max: 30 }) }),
  fc.record({ type: fc.constant('delete'), item: fc.nat({ max: 15 }), at: fc.constant(0) }),
  fc.record({ type: fc.constant('take'), item: fc.constant(0), at: fc.nat({ max: 30 }) }),
)

test('an agenda gives what is due, the earliest first, each thing once and at its latest time', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const agenda = new Agenda<number>()
      const model = new Map<number, number>()
      for (const { type, item, at } of steps) {
        const first = Math.min(...model.values())
        if (type === 'set') {
          agenda.set(item, at)
          model.set(item, at)
        } else if (type === 'delete') {
          agenda.delete(item)
          model.delete(item)
        } else {
          const taken = agenda.take(at)
          expect(taken === undefined).toBe(first > at)
          if (taken !== undefined) {
            expect(model.get(taken)).toBe(first)
            model.delete(taken)
          }
        }
        expect(agenda.size).toBe(model.size)
        expect(agenda.next ?? Number.POSITIVE_INFINITY).toBe(Math.min(...model.values()))
      }
    }),
    { numRuns: 500 },
  )
})
