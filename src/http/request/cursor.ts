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
  throw foreign(cursor)
}

/** A place in a list that is in the order of its names: the last one that was seen. */
export const toNameCursor = (list: string, name: string): string =>
  Buffer.from(`${list}:${name}`).toString('base64url')

export const fromNameCursor = (list: string, cursor: string | undefined): string | undefined => {
  if (cursor === undefined) return undefined
  const name = Buffer.from(cursor, 'base64url')
    .toString()
    .slice(list.length + 1)
  if (name !== '' && toNameCursor(list, name) === cursor) return name
  throw foreign(cursor)
}

const foreign = (cursor: string) =>
  new Problem('invalid', expected('cursor', 'to be the "next" of an earlier page of this list', cursor))
