import { t } from 'elysia'

/** What stands in a path for one of many. */
export const Id = t.Integer({ minimum: 1, error: 'Expected "id" to be a whole number from 1.' })
