import { Elysia } from 'elysia'
import { TaskError } from 'sheaf'

/** What a client is told when something goes wrong, in one shape: the exception handlers of FastAPI. */
export const errors = new Elysia({ name: 'errors' }).onError(
  { as: 'global' },
  ({ code, error, status, path }) => {
    if (code === 'VALIDATION') return status(400, { detail: reasonOf(error) })
    if (code === 'PARSE') return status(400, { detail: 'Expected a body that can be parsed.' })
    if (code === 'NOT_FOUND') return status(404, { detail: `There is nothing at ${path}.` })
    if (error instanceof TaskError) return status(502, { detail: error.message, code: error.code })
    return status(500, { detail: 'Something went wrong here.' })
  },
)

interface Invalid {
  /** What the schema itself says about it. */
  customError?: unknown
  valueError?: { path: string; message: string }
}

/** Such as `/name: Expected string length greater or equal to 1`. */
const reasonOf = ({ customError, valueError }: Invalid): string =>
  String(customError ?? `${valueError?.path}: ${valueError?.message}`)
