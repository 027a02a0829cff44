import { join } from 'node:path'
import type { Run } from './report.ts'
import { sectionOf, withSection } from './section.ts'

/**
 * `bun test/bench/readme.ts [results.json]`: has the README say what a run of the bench found out. The run is kept in
 * `published.json`; without a file, the section is written anew from there.
 */
const published = join(import.meta.dir, 'published.json')
const readme = join(import.meta.dir, '../../README.md')

const [file] = process.argv.slice(2)
if (file !== undefined) await Bun.write(published, Bun.file(file))
const run: Run = await Bun.file(published).json()
await Bun.write(readme, withSection(await Bun.file(readme).text(), sectionOf(run)))
