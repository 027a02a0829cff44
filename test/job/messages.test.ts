import { describe, expect, test } from 'bun:test'
import type { TSchema } from '@sinclair/typebox'
import { channelNotes } from '../../src/http/channel/notes.ts'
import { commands } from '../../src/job/commands.ts'
import { events } from '../../src/job/events.ts'
import { explain } from '../../src/job/explain.ts'
import '../engine/kit/fold.ts'

const messages: [name: string, schema: TSchema][] = [
  ...commands.map(({ name, schema }): [string, TSchema] => [name, schema]),
  ...Object.entries(events),
]

describe('each message of the channel', () => {
  test.each(messages)('%s has examples that fit it, and are told', (_, schema) => {
    expect(schema.examples.length).toBeGreaterThan(0)
    for (const example of schema.examples) {
      expect(explain(schema, example)).toEqual([])
      expect(channelNotes).toContain(JSON.stringify(example))
    }
    expect(channelNotes).toContain(String(schema.description))
  })

  test('has a name of its own', () => {
    const names = messages.map(([name]) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  test('from the server is listed by its type', () => {
    const types: string[] = Object.values(events).map(({ properties }) => properties.type.const)
    expect(types).toEqual(Object.keys(events))
  })
})
