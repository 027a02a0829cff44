import { Elysia, t } from 'elysia'
import { call, defineHandler, Fatal } from 'sheaf'
import type { Setup, Wait } from './setup.ts'

/** A task that takes a while, and may fail. */
export const brew = (wait: Wait) =>
  defineHandler({
    name: 'brew',
    input: t.Object({ what: t.String(), ms: t.Number(), spoiled: t.Optional(t.Boolean()) }),
    output: t.String(),
    run: async ({ what, ms, spoiled }) => {
      await wait(ms)
      if (spoiled) throw new Fatal(`The ${what} is spoiled.`)
      return what
    },
  })

const cup = (what: string, ms: number, spoiled = false) =>
  call<ReturnType<typeof brew>>('brew', { what, ms, spoiled })

/** Tasks at once: `asyncio.gather`, and what becomes of it when one fails. */
export const parallel = ({ plugin }: Setup) =>
  new Elysia({ name: 'parallel' })
    .use(plugin)
    // 3 s in all, in the order in which they were named.
    .get('/breakfast', ({ sheaf }) => sheaf.all([cup('coffee', 3_000), cup('tea', 2_000)]))
    .get('/spoiled/all', ({ sheaf }) => sheaf.all(spoiled))
    .get('/spoiled/any', ({ sheaf }) => sheaf.any(spoiled))
    .get('/spoiled/race', ({ sheaf }) => sheaf.race(spoiled))
    .get('/spoiled/allSettled', async ({ sheaf }) => {
      const cups = await sheaf.allSettled(spoiled)
      return cups.map((each) => (each.status === 'fulfilled' ? each.value : String(each.reason.message)))
    })

const spoiled = [cup('coffee', 3_000), cup('milk', 1_000, true), cup('tea', 2_000)] as const
