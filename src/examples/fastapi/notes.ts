import { join } from 'node:path'
import { Elysia, t } from 'elysia'
import type { Setup } from './setup.ts'

const named = t.Object({ name: t.String({ pattern: '^[a-z0-9-]+$', maxLength: 100 }) })

/** Files, read and written by threads of the runtime: `aiofiles`. */
export const notes = ({ notes: folder }: Setup) =>
  new Elysia({ name: 'notes', prefix: '/notes' })
    .put(
      '/:name',
      async ({ params, body, status }) => {
        const bytes = await Bun.write(join(folder, params.name), body)
        return status(201, { bytes })
      },
      { params: named, body: t.String() },
    )
    .get(
      '/:name',
      async ({ params, status }) => {
        const file = Bun.file(join(folder, params.name))
        return (await file.exists()) ? file : status(404, { detail: `There is no note "${params.name}".` })
      },
      { params: named },
    )
