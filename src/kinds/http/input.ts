import { type Static, Type } from '@sinclair/typebox'
import { recordOf, worded } from '../../job/explain/words.ts'
import { oneOf, strict } from '../../job/fields.ts'
import { limits } from '../../job/limits.ts'

export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

export const defaultMaxBytes = 1_048_576
export const defaultRedirects = 5
export const defaultMaxWaitMs = 3_600_000
export const parses = ['auto', 'json', 'text', 'none'] as const
export const defaultSavedBytes = 104_857_600
/** Of a body in the output; one that is saved may have … */
export const mostBytes = 16_777_216
/** … as much as this. */
const mostSavedBytes = 10_737_418_240

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

const StatusRules = Type.Union([Status, Type.Array(Status, { minItems: 1, maxItems: 50 })])

const FieldName = worded(
  'a string of at most 1000 characters',
  Type.String({ pattern: '^[\\s\\S]{0,1000}$' }),
)
const FieldValue = Type.Union([Type.String(), Type.Number(), Type.Boolean()])

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
        FieldName,
        Type.Union([Type.String({ maxLength: limits.urlLength }), Type.Number(), Type.Boolean()]),
        { maxProperties: 100, description: 'Added to the query of the URL, percent-encoded.' },
      ),
    ),
    json: Type.Optional(Type.Unknown({ description: 'A body to be sent as JSON; not with GET or HEAD.' })),
    text: Type.Optional(Type.String({ description: 'A body to be sent as it is; not with GET or HEAD.' })),
    form: Type.Optional(
      recordOf(FieldName, Type.Union([FieldValue, Type.Array(FieldValue, { maxItems: 1_000 })]), {
        maxProperties: 1_000,
        description: 'A body to be sent as an HTML form would be; a list sends its name once for each value.',
      }),
    ),
    base64: Type.Optional(
      worded(
        'a string of Base64',
        Type.String({
          pattern: '^[A-Za-z0-9+/]*={0,2}$',
          description:
            'A body of any bytes, in Base64; `application/octet-stream` unless the headers say otherwise.',
        }),
      ),
    ),
    expect: Type.Optional(
      Type.Object(
        {
          status: Type.Optional(StatusRules),
          bodyMatches: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 500,
              description:
                'A regular expression to be found in the first MiB of the body. It is matched in linear time: without back-references, \\b, flags, and looking ahead or behind.',
            }),
          ),
        },
        { ...strict, description: 'What counts as success; by default any status of 2xx.' },
      ),
    ),
    retryOn: Type.Optional(
      Type.Object(
        {
          status: Type.Optional(StatusRules),
          network: Type.Optional(
            Type.Boolean({ default: true, description: 'A connection that cannot be made, or breaks.' }),
          ),
          body: Type.Optional(
            Type.Boolean({ default: false, description: 'A body in which `bodyMatches` is not found.' }),
          ),
        },
        {
          ...strict,
          description:
            'What is worth another attempt; by default the network, and the statuses 408, 425, 429 and 5xx. A timeout always is.',
        },
      ),
    ),
    maxWaitMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: limits.longestAttemptMs,
        default: defaultMaxWaitMs,
        description:
          'How long, in all, the server may ask to be left alone, by `Retry-After` or its rate limit with a status of 429 or 503. Such a wait spends no attempt; one that would make it longer fails the task. 0 heeds no such wish.',
      }),
    ),
    redirects: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 20,
        default: defaultRedirects,
        description: 'How many redirects are followed. One whose status is expected is not.',
      }),
    ),
    parse: Type.Optional(
      oneOf(parses, {
        default: 'auto',
        description:
          'What the body becomes: JSON if it came as that and text if not (`auto`), JSON however it came, text, or nothing.',
      }),
    ),
    save: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether the body is saved as a file: the output has its size, type and SHA-256 as `artifact`, in place of the body, and `/jobs/:id/tasks/:task/artifact` has the bytes.',
      }),
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
        maximum: mostSavedBytes,
        default: defaultMaxBytes,
        description: `How many bytes the response body may have, once decompressed: at most ${mostBytes}, unless it is saved; then ${defaultSavedBytes} by default.`,
      }),
    ),
  },
  {
    ...strict,
    description:
      'Sends an HTTP request; its output is `{status, headers, body}`, and the `url` that redirects led to.',
  },
)

export type HttpInput = Static<typeof HttpInput>
export type StatusRule = Static<typeof Status>
export type StatusRules = Static<typeof StatusRules>
