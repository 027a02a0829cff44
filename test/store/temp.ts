import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Directories that are gone when `remove` was called. */
export const tempDirs = () => {
  const made: string[] = []
  return {
    make(): string {
      const dir = mkdtempSync(join(tmpdir(), 'sheaf-store-'))
      made.push(dir)
      return dir
    },
    remove(): void {
      for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true })
    },
  }
}
