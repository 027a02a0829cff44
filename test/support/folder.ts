import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of a test's own, gone when the test is over: `using folder = temporaryFolder()`. */
export const temporaryFolder = (): { path: string; file(name: string): string } & Disposable => {
  const path = mkdtempSync(join(tmpdir(), 'sheaf-test-'))
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}
