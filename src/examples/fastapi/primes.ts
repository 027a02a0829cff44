import { Elysia, t } from 'elysia'
import { call, defineHandler } from 'sheaf'
import type { Setup } from './setup.ts'

export const countPrimes = defineHandler({
  name: 'count-primes',
  input: t.Object({ below: t.Number() }),
  output: t.Number(),
  thread: new URL('./primes-thread.ts', import.meta.url),
})

/** Work for the processor, in a pool of threads: `run_in_executor` with a process pool. */
export const primes = ({ plugin }: Setup) =>
  new Elysia({ name: 'primes' }).use(plugin).get(
    '/primes/:below',
    async ({ params, sheaf }) => {
      const [primes] = await sheaf.all([call(countPrimes, params)])
      return { primes }
    },
    { params: t.Object({ below: t.Integer({ minimum: 0, maximum: 10_000_000 }) }) },
  )
