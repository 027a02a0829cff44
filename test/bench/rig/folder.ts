import { mkdirSync, mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { onExit } from './cleanup.ts'

/** Where results go, and databases while they are measured: on the disk of the project, not in a /tmp that may be memory. */
export const results = join(import.meta.dir, '../results')

/** A new folder that is gone when the bench ends. Made in one go, so that no signal comes before it is known. */
export const newFolder = (): { path: string; remove: () => Promise<void> } => {
  mkdirSync(results, { recursive: true })
  const path = mkdtempSync(join(results, 'files-'))
  return { path, remove: onExit(() => rm(path, { recursive: true, force: true })) }
}
