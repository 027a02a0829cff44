import { expect, test } from 'bun:test'
import { join } from 'node:path'

const example = join(import.meta.dir, '../../src/examples/fastapi')

/** Without indentation, which an excerpt does not have. */
const bare = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .join('\n')

const textsIn = async (folder: string) => {
  const files = await Array.fromAsync(new Bun.Glob('*.ts').scan(folder))
  return Promise.all(files.map(async (file) => bare(await Bun.file(join(folder, file)).text())))
}

const readme = await Bun.file(join(example, 'README.md')).text()
const excerpts = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => bare(code))

test('every block of TypeScript beside the Python stands in a file that tests run', async () => {
  const texts = [...(await textsIn(example)), ...(await textsIn(import.meta.dir))]
  const lost = excerpts.filter((excerpt) => !texts.some((text) => `\n${text}\n`.includes(`\n${excerpt}\n`)))
  expect(lost).toEqual([])
  expect(excerpts.length).toBeGreaterThan(10)
})
