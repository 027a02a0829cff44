import { type ObjectOptions, type Static, type TObject, type TProperties, Type } from '@sinclair/typebox'
import { worded } from './explain/words.ts'

interface Notes<T extends TProperties> extends ObjectOptions {
  /** What it says, and when it is sent. */
  description: string
  /** Whole messages, as they may be sent. */
  examples: NoInfer<Static<TObject<T>>>[]
}

/** A message of the channel, with what its documents say of it: the AsyncAPI document and the page at `/swagger`. */
export const Message = <T extends TProperties>(properties: T, notes: Notes<T>): TObject<T> =>
  Type.Object(properties, notes)

export const JobId = Type.String({ format: 'uuid', description: 'The id of the job.' })
export const Seq = Type.Integer({
  minimum: 0,
  description: 'A number that rises with every committed change of the job: the resume cursor.',
})
export const Position = Type.Integer({
  minimum: 0,
  description: 'A number of the whole server that rises with every job: where to resume a selection.',
})
export const LabelText = worded(
  'a label: its name, a colon and its value',
  Type.String({ pattern: '^[^:]+:', maxLength: 301, description: 'A label and its value, as `name:value`.' }),
)
export const PingId = Type.Union([Type.Number(), Type.String()], {
  description: 'Whatever tells the pong of this ping from others.',
})

/** The job of the examples. */
export const exampleId = '01938c5e-7f00-7000-8000-2f1c5a9b3e4d'
