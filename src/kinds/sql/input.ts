import { type Static, Type } from '@sinclair/typebox'
import { worded } from '../../job/explain/words.ts'
import { strict } from '../../job/fields.ts'

const longestQuery = 100_000
const mostParams = 10_000

export const defaultMaxRows = 1_000
export const defaultMaxBytes = 1_048_576

export const SqlInput = Type.Object(
  {
    source: Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'The name of a database of this server, out of `SHEAF_SOURCES`.',
    }),
    query: worded(
      `a string of 1 to ${longestQuery} characters, none of them NUL`,
      Type.String({
        minLength: 1,
        maxLength: longestQuery,
        // SQLite takes a NUL for the end of the text, PostgreSQL refuses it.
        pattern: '^[^\\u0000]+$',
        description:
          'One statement, in the dialect of the source, with its placeholders: `?` or `?1` for SQLite, `$1` for PostgreSQL, `?` for MySQL.',
      }),
    ),
    params: Type.Optional(
      Type.Array(Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]), {
        maxItems: mostParams,
        description: 'The values of the placeholders, in order; they never become part of the text.',
      }),
    ),
    maxRows: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100_000,
        default: defaultMaxRows,
        description: 'How many rows the statement may return; more fail the task.',
      }),
    ),
    maxBytes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 16_777_216,
        default: defaultMaxBytes,
        description: 'How many bytes the rows may have as JSON; more fail the task.',
      }),
    ),
  },
  {
    ...strict,
    description: 'Runs one SQL statement; its output is `{columns, rows, rowCount}`, a row being an object.',
  },
)

export type SqlInput = Static<typeof SqlInput>
