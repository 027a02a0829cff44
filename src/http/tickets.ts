import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { toIso } from '../engine/view.ts'
import { Moment } from '../job/wire.ts'
import { declared } from './declared.ts'
import { holderOf } from './guard.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'
import type { TicketOffice } from './ticket-office.ts'

const TicketShape = Type.Object({
  ticket: Type.String({
    description: 'For `/events?ticket=…` or `/jobs/ID/events?ticket=…`, once; then it is used up.',
  }),
  expiresAt: Moment('Until when it may be used: 30 seconds from now.'),
})

/** Without tokens there are tickets too, so that a client is the same for both. */
export const tickets = ({ tokens }: AppOptions, office: TicketOffice) =>
  new Elysia().post(
    '/tickets',
    ({ request, set, status }) => {
      const { ticket, endsAt } = office.issue(holderOf(request, tokens)?.scope ?? 'admin')
      set.headers['cache-control'] = 'no-store'
      return status(201, { ticket, expiresAt: toIso(endsAt) })
    },
    {
      parse: 'none',
      response: {
        201: declared(TicketShape, {
          description: 'The ticket. It can do what the token can that asks for it.',
        }),
        ...problems('unavailable'),
      },
      detail: {
        operationId: 'createTicket',
        summary: 'Get a one-time ticket to open a stream with',
        description: [
          'A browser can send no token along when it opens a WebSocket or an EventSource. It opens it with a ticket in the URL,',
          'and for each connection asks for another. Tickets are kept in memory: after a restart of the server, `401` means that it is time for a new one.',
        ].join(' '),
        tags: ['events'],
      },
    },
  )
