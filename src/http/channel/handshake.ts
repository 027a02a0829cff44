import { expected, Problem } from '../../job/errors.ts'
import { Refusal } from '../problem.ts'

/** What the messages of the channel are called, for clients that offer subprotocols. */
export const subprotocol = 'sheaf.v1'

/** Spells `Upgrade: WebSocket` as Elysia looks for it: clients may write it in any case (RFC 6455, section 4.2.1). */
export const spellUpgrade = (headers: Headers): void => {
  const asked = headers.get('upgrade')
  if (asked !== null && asked.toLowerCase() === 'websocket') headers.set('upgrade', 'websocket')
}

/** Checks an opening handshake as RFC 6455 has it in section 4.2.1. Throws the Problem that says what it lacks. */
export const checkHandshake = (headers: Headers): void => {
  const version = headers.get('sec-websocket-version')
  if (version !== '13')
    throw new Refusal(
      'upgrade_required',
      expected('Sec-WebSocket-Version', 'to be 13', version ?? undefined),
      {
        'sec-websocket-version': '13',
      },
    )
  const options = listOf(headers, 'connection').map((option) => option.toLowerCase())
  if (!options.includes('upgrade'))
    throw new Problem(
      'malformed',
      expected('Connection', 'to have the option "Upgrade"', headers.get('connection') ?? undefined),
    )
  const key = headers.get('sec-websocket-key')
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key ?? ''))
    throw new Problem(
      'malformed',
      expected('Sec-WebSocket-Key', 'to be 16 bytes in base64', key ?? undefined),
    )
}

/**
 * The subprotocol to answer with: ours, if it is offered. Of others none is chosen; the offer is taken out of the headers, as Bun would
 * choose the first, whatever it is.
 */
export const chooseSubprotocol = (headers: Headers): string | undefined => {
  const offered = listOf(headers, 'sec-websocket-protocol')
  headers.delete('sec-websocket-protocol')
  return offered.find((name) => name === subprotocol)
}

const listOf = (headers: Headers, name: string): string[] =>
  (headers.get(name) ?? '').split(',').map((item) => item.trim())
