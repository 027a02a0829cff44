import { join } from 'node:path'

const root = join(import.meta.dir, '../../..')

/** A file of this repository with all that it imports, as one file of JavaScript. */
export const bundle = async (file: string, target: 'browser' | 'node'): Promise<string> => {
  const { outputs } = await Bun.build({
    entrypoints: [join(root, file)],
    target,
    format: 'esm',
    minify: true,
  })
  if (outputs.length !== 1) throw new Error(`Expected one file of ${file}, got ${outputs.length}`)
  return (await outputs[0]?.text()) ?? ''
}
