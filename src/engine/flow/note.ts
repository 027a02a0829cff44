import { type Static, Type } from '@sinclair/typebox'
import { accepts } from '../../job/check.ts'

const At = Type.Number()

/** What flow control keeps of a queue across a restart: what its upstream asked for, and what it learned of it. */
const Note = Type.Object({
  throttle: Type.Optional(Type.Object({ at: At, until: At, why: Type.String() })),
  policies: Type.Optional(
    Type.Array(Type.Object({ limit: Type.Integer({ minimum: 1 }), perMs: Type.Integer({ minimum: 1 }) })),
  ),
  spent: Type.Optional(
    Type.Object({ limit: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]), resetAt: At }),
  ),
  circuit: Type.Optional(
    Type.Object({
      state: Type.Union([Type.Literal('closed'), Type.Literal('open'), Type.Literal('probing')]),
      since: At,
      retryAt: Type.Optional(At),
      openMs: Type.Number({ minimum: 1 }),
    }),
  ),
})

export type Note = Static<typeof Note>

export const writeNote = (note: Note): string | undefined => {
  const text = JSON.stringify(note)
  return text === '{}' ? undefined : text
}

/** What a note says; nothing if it cannot be read, as when another version wrote it: the queue learns it anew. */
export const readNote = (text: string): Note => {
  try {
    const note: unknown = JSON.parse(text)
    return accepts(Note, note) ? note : {}
  } catch {
    return {}
  }
}
