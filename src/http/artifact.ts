import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { Problem } from '../job/errors.ts'
import { savedBy } from '../kinds/http/saved.ts'
import type { TaskRecord } from '../store/store.ts'
import { declared } from './declared.ts'
import type { AppOptions } from './options.ts'
import { problems, Refusal } from './problem.ts'
import { findJob, findTask } from './request/lookup.ts'
import { rangeOf } from './request/range.ts'

export const artifact = ({ engine: { store }, artifacts }: AppOptions) =>
  new Elysia().get(
    '/jobs/:id/tasks/:task/artifact',
    async ({ params, request }) => {
      const job = await findJob(store, params.id)
      const task = await findTask(store, job, params.task)
      const saved = savedBy(task)
      if (!saved || !artifacts) throw nothing(job.id, task)
      const { bytes, type, sha256 } = saved
      const etag = `"${sha256}"`
      const headers: Record<string, string> = { ...always, etag, 'content-type': type }
      if (isKnown(request.headers.get('if-none-match'), etag))
        return new Response(null, { status: 304, headers })
      const range = rangeOf(request.headers, etag, bytes)
      if (range === 'unsatisfiable')
        throw new Refusal(
          'range_not_satisfiable',
          `Expected a "Range" within the ${bytes} bytes there are.`,
          {
            'content-range': `bytes */${bytes}`,
          },
        )
      const { from, to } = range ?? { from: 0, to: bytes }
      const status = range ? 206 : 200
      if (range) headers['content-range'] = `bytes ${from}-${to - 1}/${bytes}`
      headers['content-length'] = String(to - from)
      if (request.method === 'HEAD') return new Response(null, { status, headers })
      const id = { job: job.id, index: task.index, attempt: task.attempt }
      const body = await artifacts.read(id, from, to)
      if (!body) throw nothing(job.id, task)
      return new Response(body, { status, headers })
    },
    {
      response: {
        200: declared(Type.String({ format: 'binary' }), {
          description: 'The body as it was saved. `ETag` is its SHA-256.',
          contentTypes: ['application/octet-stream'],
        }),
        ...problems('not_found', 'range_not_satisfiable'),
      },
      detail: {
        operationId: 'getArtifact',
        summary: 'Get the body that a task saved',
        description: 'With `Range`, a part of it. Of several ranges none is heeded: the answer is the whole.',
        tags: ['tasks'],
      },
    },
  )

/** It comes from a stranger: no browser may show it, guess what it is, or run it as a page of this server. */
const always = {
  'accept-ranges': 'bytes',
  'cache-control': 'private, no-cache',
  'content-disposition': 'attachment',
  'content-security-policy': "sandbox; default-src 'none'",
  'x-content-type-options': 'nosniff',
}

const nothing = (job: string, { index }: TaskRecord) =>
  new Problem('not_found', `Task ${index} of job ${job} has no artifact.`)

const isKnown = (header: string | null, etag: string): boolean =>
  header?.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag) ?? false
