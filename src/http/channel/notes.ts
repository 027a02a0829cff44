import type { TSchema } from '@sinclair/typebox'
import { commands, mostPatterns, mostSelections } from '../../job/commands.ts'
import { events } from '../../job/events.ts'
import { longestMessage, mostSubscriptions } from './bounds.ts'
import { closingNotes } from './closes.ts'
import { subprotocol } from './handshake.ts'

const listed = ({ properties, description, examples }: TSchema): string => {
  const lines = examples.map((example: unknown) => JSON.stringify(example)).join('\n')
  return `**${properties.type.const}** ${description}\n\n\`\`\`json\n${lines}\n\`\`\``
}

/** What clients rely on beyond the form of the messages, in Markdown. */
export const promises = `${[
  'Nothing is sent before it is on disk, and resuming with `after` misses nothing.',
  `A socket may follow ${mostSubscriptions} jobs, select ${mostSelections} names and labels, whose jobs beyond that wait for room, and watch ${mostPatterns} names and patterns of queues;`,
  `a message to the server may be ${longestMessage / 1024} KiB long.`,
  `Of the subprotocols that a client offers, \`${subprotocol}\` is chosen; compression is not.`,
].join(' ')}

${closingNotes}`

/** OpenAPI has no words for a WebSocket, so the channel is told in prose. */
export const channelNotes = `A WebSocket handshake opens the channel. Every message is a JSON object with a \`type\`. The AsyncAPI document at \`/asyncapi.json\` has the schemas. ${promises}

### To the server

${commands.map(({ schema }) => listed(schema)).join('\n\n')}

### From the server

${Object.values(events).map(listed).join('\n\n')}
`
