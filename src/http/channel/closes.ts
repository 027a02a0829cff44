/**
 * Why the server closes a socket: the code, and the reason that goes along (RFC 6455, section 7.4; the codes from 1012 on are in
 * IANA's registry).
 */
export const closes = {
  binary: [1003, 'Expected text messages, got a binary one.'],
  /** Only within an app whose own bound is higher; otherwise Bun answers so, in other words. */
  long: [1009, 'A message that is too long.'],
  flood: [1008, 'Too many answers wait to be read.'],
  lost: [1011, 'A message was lost. Connect again and resume.'],
  stop: [1012, 'The server stops. Connect again and resume.'],
  behind: [1013, 'Too many changes of queues wait to be read. Connect again.'],
  crowded: [1013, 'Too many jobs wait to be told of. Connect again and resume.'],
} as const satisfies Record<string, readonly [code: number, reason: string]>

/** What Bun answers by itself, before a message reaches us; the reasons are its own, and say more. */
const violations = [
  [1002, 'A frame that the protocol does not allow.'],
  [1007, 'A text that is not UTF-8.'],
] as const

/** For the documents, in Markdown. */
export const closingNotes = [
  'A socket closes with a code and a reason:',
  '',
  ...[...violations, ...Object.values(closes)]
    .toSorted(([a], [b]) => a - b)
    .map(([code, reason]) => `- ${code}: ${reason}`),
].join('\n')
