import { swagger } from '@elysiajs/swagger'
import { Elysia } from 'elysia'
import { errors } from './errors.ts'
import { items } from './items.ts'
import { notes } from './notes.ts'
import { brew, parallel } from './parallel.ts'
import { countPrimes, primes } from './primes.ts'
import { report, reports } from './reports.ts'
import type { Setup, Wait } from './setup.ts'
import { logLine, signup } from './signup.ts'
import { slow } from './slow.ts'
import { users } from './users.ts'

/** What Sheaf runs for the app. */
export const handlersOf = (wait: Wait) => [brew(wait), report(wait), countPrimes, logLine]

/** The whole app, which does not listen yet: one part for each thing that people do with FastAPI. */
export const createApp = (setup: Setup) =>
  new Elysia()
    .use(swagger({ documentation: { info: { title: 'The way over from FastAPI', version: '1.0.0' } } }))
    .use(errors)
    .use(slow(setup))
    .use(users(setup))
    .use(items(setup))
    .use(parallel(setup))
    .use(signup(setup))
    .use(primes(setup))
    .use(notes(setup))
    .use(reports(setup))
