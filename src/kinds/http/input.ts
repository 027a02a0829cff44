import { type Static, Type } from '@sinclair/typebox'
import { recordOf, worded } from '../../job/explain/words.ts'
import { oneOf, strict } from '../../job/fields.ts'
import { limits } from '../../job/limits.ts'

export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

export const defaultMaxBytes = 1_048_576
const mostBytes = 16_777_216

/** A field name by RFC 9110, section 5.6.2. */
const HeaderName = worded(
  'a header name',
  Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$", minLength: 1, maxLength: 200 }),
)

/** Tab, visible ASCII and Latin-1: no line break can end the header and start another (RFC 9110, section 5.5). */
const HeaderValue = worded(
  `a string of at most ${limits.headerLength} Latin-1 characters without line breaks`,
  Type.String({ pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$', maxLength: limits.headerLength }),
)

const Status = Type.Union([
  Type.Integer({ minimum: 100, maximum: 599 }),
  worded('a class such as "2xx"', Type.String({ pattern: '^[1-5]xx$' })),
])

export const HttpInput = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      maxLength: limits.urlLength,
      description: 'An absolute http or https URL without a user name or password.',
    }),
    method: Type.Optional(oneOf(methods, { default: 'GET', description: 'The request method.' })),
    headers: Type.Optional(
      recordOf(HeaderName, HeaderValue, {
        maxProperties: limits.headers,
        description: 'Request headers. `idempotency-key` is sent in any case, unless given here.',
      }),
    ),
    query: Type.Optional(
      recordOf(
        worded('a string of at most 1000 characters', Type.String({ pattern: '^[\\s\\S]{0,1000}$' })),
        Type.Union([Type.String({ maxLength: limits.urlLength }), Type.Number(), Type.Boolean()]),
        { maxProperties: 100, description: 'Added to the query of the URL, percent-encoded.' },
      ),
    ),
    json: Type.Optional(Type.Unknown({ description: 'A body to be sent as JSON; not with GET or HEAD.' })),
    text: Type.Optional(Type.String({ description: 'A body to be sent as it is; not with GET or HEAD.' })),
    expect: Type.Optional(
      Type.Object(
        { status: Type.Optional(Type.Union([Status, Type.Array(Status, { minItems: 1, maxItems: 50 })])) },
        { ...strict, description: 'What counts as success; by default any status of 2xx.' },
      ),
    ),
    responseHeaders: Type.Optional(
      Type.Array(HeaderName, {
        maxItems: limits.headers,
        description: 'Response headers to keep in the output; `content-type` is always kept.',
      }),
    ),
    maxBytes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: mostBytes,
        default: defaultMaxBytes,
        description: 'How many bytes the response body may have, once decompressed.',
      }),
    ),
  },
  { ...strict, description: 'Sends an HTTP request; its output is `{status, headers, body}`.' },
)

export type HttpInput = Static<typeof HttpInput>
export type StatusRule = Static<typeof Status>
