import type { Bounds, Measure } from '../measurement.ts'
import { newFolder } from '../rig/folder.ts'
import { queuedFile } from '../rig/queued.ts'
import { type Start, startSheaf } from '../rig/sheaf.ts'
import { spreadOf } from '../statistics.ts'

/** How long it takes from the start of the process until jobs are taken. */
export const start: Measure = {
  name: 'start',
  run: async ({ rounds, crowd }) => {
    const { path, remove } = newFolder()
    const executable = `${path}/sheaf`
    await compile(executable)
    const queued = await queuedFile(crowd)
    const known = `${path}/known.db`
    const ways: { name: string; most?: number; how: Start }[] = [
      { name: 'executable, no file yet', most: 100, how: { command: [executable] } },
      { name: 'executable, a file that is known', how: { command: [executable], database: known } },
      { name: 'bun src/main.ts, no file yet', how: {} },
      { name: `bun src/main.ts, ${crowd} tasks queued`, most: 1_000, how: { database: queued.database } },
    ]
    const samples = ways.map((): number[] => [])
    for (let round = 0; round <= rounds; round++)
      for (const [i, { how }] of ways.entries()) {
        const ms = await timeStart(how)
        if (round > 0) samples[i]?.push(ms)
      }
    await Promise.all([queued.remove(), remove()])
    const bounds: Bounds = {
      type: 'bounds',
      name: 'start',
      about: 'from before the process is started until /readyz answers 200',
      values: ways.map(({ name, most }, i) => {
        const own = samples[i] ?? []
        return { name, unit: 'ms', value: spreadOf(own), ...(most !== undefined && { most }), samples: own }
      }),
    }
    return [bounds]
  },
}

const timeStart = async (how: Start): Promise<number> => {
  const sheaf = await startSheaf(how)
  await sheaf.end()
  await sheaf.stop()
  return sheaf.readyMs
}

/** As `bun run build` does. */
const compile = async (file: string): Promise<void> => {
  const root = `${import.meta.dir}/../../..`
  const { scripts } = await Bun.file(`${root}/package.json`).json()
  const [, ...rest] = String(scripts.build).split(' ')
  const command = [process.execPath, ...rest.map((word) => (word === 'dist/sheaf' ? file : word))]
  const build = Bun.spawn(command, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] })
  const errors = await new Response(build.stderr).text()
  if ((await build.exited) !== 0) throw new Error(`The executable cannot be built: ${errors}`)
}
