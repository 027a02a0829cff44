/** Where a loop begins: the last seq that was seen, or `now`: a snapshot, and what happens from then on. */
export type After = number | 'now'

type Named = string | { readonly id: string }

/** A job to be followed, or its id; and where to begin with it, if that is not where the others begin. */
export type Followed = Named | { job: Named; after?: After }

/** Those that are there, or those that come: each of them is followed to its end. */
export type FollowedJobs = Iterable<Followed> | AsyncIterable<Followed>

export const isJobs = (what: object): what is FollowedJobs =>
  Symbol.iterator in Object(what) || Symbol.asyncIterator in Object(what)

/** The id of the job, and the last seq that was seen of it; without one, the loop begins at a snapshot. */
export const placeOf = (followed: Followed, after: After): { job: string; after: number | undefined } => {
  const { job, after: begin = after } =
    typeof followed === 'object' && 'job' in followed ? followed : { job: followed }
  const id = typeof job === 'string' ? job : job.id
  return { job: id.toLowerCase(), after: begin === 'now' ? undefined : begin }
}
