import { expected, Problem } from '../../job/errors.ts'

/** A place in a list, as clients see it: opaque, so that what it is made of may change. */
export const toCursor = (list: 'jobs' | 'tasks', at: number): string =>
  Buffer.from(`${list}:${at}`).toString('base64url')

/** The place that a cursor of that list names; throws a Problem for any other text. */
export const fromCursor = (list: 'jobs' | 'tasks', cursor: string | undefined): number | undefined => {
  if (cursor === undefined) return undefined
  const at = Number(
    Buffer.from(cursor, 'base64url')
      .toString()
      .slice(list.length + 1),
  )
  // Writing it again finds every text that only looks like one of ours.
  if (Number.isSafeInteger(at) && at >= 0 && toCursor(list, at) === cursor) return at
  throw new Problem('invalid', expected('cursor', 'to be the "next" of an earlier page of this list', cursor))
}
