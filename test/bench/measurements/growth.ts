import { type Comparison, compare } from '../compare.ts'
import type { Measure, Size } from '../measurement.ts'
import { endedFile } from '../rig/ended.ts'
import { openJobs, runAtOnce, runJobs } from '../rig/lots.ts'
import { type Sheaf, startSheaf } from '../rig/sheaf.ts'

/** What is to be left of the rate, however much there is. */
const target = 0.9
/** Of a job that is small, and of each that stays open. */
const few = 10_000
const fewest = 10

/** Whether no-ops run as fast when there is much: tasks in the job, other jobs, tasks that have ended. */
export const growth: Measure = {
  name: 'growth',
  run: async (size) => {
    const bare = await startSheaf()
    const comparisons = [
      await byTasks(bare, size),
      await byOpenJobs(bare, size),
      await byJobs(bare, size),
      await byEnded(bare, size),
    ]
    await bare.stop()
    return comparisons
  },
}

const plan = { unit: 'tasks/s' }
const each = 'synchronous = FULL, results kept, nobody follows'

const byTasks = (sheaf: Sheaf, { crowd, rounds }: Size): Promise<Comparison> =>
  compare(
    {
      ...plan,
      name: 'no-ops by tasks in the job',
      about: `from the start of the job to its end; ${each}`,
      contenders: [
        { name: `a job of ${crowd}`, about: 'submitted at once', run: () => runJobs(sheaf, 1, crowd) },
        {
          name: `jobs of ${few}`,
          target,
          about: 'one after the other',
          run: () => runJobs(sheaf, Math.min(10, crowd / few), few),
        },
      ],
    },
    // Each run is long: fewer do.
    Math.ceil(rounds / 4),
  )

const byOpenJobs = async (bare: Sheaf, { openJobs: open, noOps, rounds }: Size): Promise<Comparison> => {
  const sheaf = await startSheaf()
  await openJobs(sheaf, open, fewest)
  const comparison = await compare(
    {
      ...plan,
      name: 'no-ops by open jobs',
      about: `a job of ${noOps}, from its start to its end; ${each}`,
      contenders: [
        {
          name: `beside ${open} open jobs`,
          about: `each with ${fewest} tasks in a paused queue; a third unsealed, a third paused`,
          run: () => runJobs(sheaf, 1, noOps),
        },
        { name: 'alone', target, about: 'no other job is open', run: () => runJobs(bare, 1, noOps) },
      ],
    },
    Math.ceil(rounds / 2),
  )
  await sheaf.stop()
  return comparison
}

const byJobs = (sheaf: Sheaf, { openJobs: jobs, rounds }: Size): Promise<Comparison> =>
  compare(
    {
      ...plan,
      name: 'no-ops by jobs that run',
      about: `${jobs * fewest} tasks, from when their queue is resumed until it is empty; ${each}`,
      contenders: [
        {
          name: `${jobs} jobs of ${fewest}`,
          about: 'all at once, and each with a start and an end of its own',
          run: () => runAtOnce(sheaf, jobs, fewest),
        },
        {
          name: `one job of ${jobs * fewest}`,
          about: 'the same number of tasks',
          run: () => runAtOnce(sheaf, 1, jobs * fewest),
        },
      ],
    },
    Math.ceil(rounds / 4),
  )

const byEnded = async (bare: Sheaf, { ended, noOps, rounds }: Size): Promise<Comparison> => {
  const { database, remove } = await endedFile(ended)
  const sheaf = await startSheaf({ database })
  const comparison = await compare(
    {
      ...plan,
      name: 'no-ops by tasks that ended',
      about: `a job of ${noOps}, from its start to its end; ${each}`,
      contenders: [
        {
          name: `after ${ended} tasks`,
          about: 'in the same file, in jobs of 10000',
          run: () => runJobs(sheaf, 1, noOps),
        },
        {
          name: 'in a file that is young',
          target,
          about: 'of this bench alone',
          run: () => runJobs(bare, 1, noOps),
        },
      ],
    },
    Math.ceil(rounds / 2),
  )
  await sheaf.stop()
  await remove()
  return comparison
}
