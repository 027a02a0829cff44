import { Type } from '@sinclair/typebox'
import type { ServerWebSocket } from 'bun'
import { Elysia } from 'elysia'
import type { ClientMessage } from '../job/commands.ts'
import type { ServerMessage } from '../job/events.ts'
import { longestMessage } from './channel/bounds.ts'
import { closes } from './channel/closes.ts'
import { checkHandshake, chooseSubprotocol, spellUpgrade } from './channel/handshake.ts'
import { channelNotes } from './channel/notes.ts'
import { Session } from './channel/session.ts'
import { declared } from './declared.ts'
import type { AppOptions } from './options.ts'
import { problems, Refusal } from './problem.ts'

/**
 * For `new Elysia({ websocket })`: what `.ws` says of it is ignored. A socket that says nothing for `idleSeconds` is closed. Bun pings it
 * before, by default after 29 s, so one whose other end still lives has answered; and proxies, of which many cut what is silent for a
 * minute, have seen something.
 */
export const websocketOptions = (idleSeconds = 45) => ({
  maxPayloadLength: longestMessage,
  perMessageDeflate: false,
  idleTimeout: idleSeconds,
  sendPings: true,
})

export const ChannelQuery = Type.Object({
  ticket: Type.Optional(
    Type.String({ description: 'From POST /tickets, where no token can be sent along.' }),
  ),
})

/** One socket follows any number of jobs. */
export const channel = ({ engine, log, streams, socketBufferBytes: bufferBytes }: AppOptions) => {
  const open = new WeakMap<object, { session: Session; forget(): void }>()
  return new Elysia()
    .onRequest(({ request }) => spellUpgrade(request.headers))
    .ws('/events', {
      // For the types of Eden; what arrives is read by the session.
      body: declared(Type.Unsafe<ClientMessage>({})),
      response: declared(Type.Unsafe<ServerMessage>({})),
      query: declared(ChannelQuery),
      // An arrow: Elysia warns on stderr about a method, once it is minified.
      transform: ({ request, set }) => {
        checkHandshake(request.headers)
        streams.checkRoom()
        const protocol = chooseSubprotocol(request.headers)
        if (protocol !== undefined) set.headers['sec-websocket-protocol'] = protocol
      },
      open(ws) {
        const socket = socketOf(ws)
        const session = new Session(socket, { engine, log, bufferBytes })
        const forget = streams.add('websocket', () => socket.close(...closes.stop))
        open.set(ws.raw, { session, forget })
        // Elysia would convert the text (`007` to 7) before it hands it over, so it is taken at the source.
        socket.data.message = (_, message) => session.receive(message)
      },
      drain({ raw }) {
        open.get(raw)?.session.drained()
      },
      close({ raw }) {
        const ended = open.get(raw)
        ended?.session.close()
        ended?.forget()
      },
    })
    .get(
      '/events',
      (): string => {
        throw new Refusal(
          'upgrade_required',
          'Expected a WebSocket handshake. Over plain HTTP, follow a job at /jobs/ID/events.',
          { upgrade: 'websocket', connection: 'upgrade' },
        )
      },
      {
        query: declared(ChannelQuery),
        response: {
          101: declared(Type.Void(), { description: 'The socket is open.' }),
          ...problems('malformed', 'upgrade_required', 'unavailable'),
        },
        detail: {
          operationId: 'openChannel',
          summary: 'Follow any number of jobs over one WebSocket',
          description: channelNotes,
          tags: ['events'],
        },
      },
    )
}

interface SocketData {
  message(socket: unknown, message: string | Uint8Array): void
}

/** Elysia's type of a socket leaves out what Bun's own has: how much is buffered, and what Elysia keeps in `data`. */
const socketOf = ({ raw }: { raw: object }) => raw as ServerWebSocket<SocketData>
