import { Elysia } from 'elysia'
import type { Setup } from './setup.ts'

/** An endpoint that waits, and delays no other. */
export const slow = ({ wait }: Setup) =>
  new Elysia({ name: 'slow' })
    .get('/slow', async () => {
      await wait(2_000)
      return { message: 'Done after 2 s' }
    })
    .get('/hello', () => ({ message: 'Hello' }))
