import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type ArtifactId, type Artifacts, keeping } from '../artifacts.ts'
import { spool } from './spool.ts'

export interface Folder extends Artifacts {
  /** The jobs of which something may be kept. */
  jobs(): Promise<string[]>
}

/** Keeps bodies in a folder, one below it for each job; made when the first of them is kept. */
export const openFolder = (root: string): Folder => {
  const folderOf = (job: string) => join(root, job)
  const pathOf = ({ job, index, attempt }: ArtifactId) => join(folderOf(job), `${index}-${attempt}`)
  return {
    save: async (id, body, most) => {
      const path = pathOf(id)
      await keeping(() => mkdir(folderOf(id.job), { recursive: true, mode: 0o700 })).catch(async (error) => {
        await body.cancel()
        throw error
      })
      const saved = await spool(`${path}.part`, body, most)
      if (!saved) return undefined
      await keeping(async () => {
        await rename(`${path}.part`, path)
        // A name is durable once its folder is, and the folder's once the root is.
        for (const folder of [folderOf(id.job), root]) await sync(folder)
      })
      return saved
    },
    read: async (id, from, to) => {
      const file = Bun.file(pathOf(id))
      return (await file.exists()) ? file.slice(from, to) : undefined
    },
    remove: (job) => rm(folderOf(job), { recursive: true, force: true }),
    jobs: () => readdir(root).catch(() => []),
  }
}

const sync = async (folder: string): Promise<void> => {
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
