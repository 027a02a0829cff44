import { version } from '../version.ts'

/** What both documents say of Sheaf. */
export const info = {
  title: 'Sheaf',
  version,
  description:
    'A durable Promise.all over HTTP: submit many asynchronous tasks as one job, watch each one, gather the results.',
  license: { name: 'MIT' },
}

export const bearer = {
  type: 'http',
  scheme: 'bearer',
  description: 'Needed when the server was started with SHEAF_TOKENS.',
} as const
