import { beforeAll, describe, expect, test } from 'bun:test'
import { brokenPromises, imbalance, strayRequests } from './rows.ts'
import { type Outcome, play } from './story.ts'
import { flawOf } from './tasks.ts'

const seed = Number(process.env.SHEAF_TEST_SEED ?? crypto.getRandomValues(new Uint32Array(1))[0])

describe(`a server that is killed again and again (SHEAF_TEST_SEED=${seed})`, () => {
  let outcome: Outcome

  beforeAll(async () => {
    console.log(`SHEAF_TEST_SEED=${seed} repeats this run of ${import.meta.file}.`)
    outcome = await play(seed)
  }, 60_000)

  test('died by SIGKILL ten times and more, each time with the job under way', () => {
    expect(outcome.kills.length).toBeGreaterThanOrEqual(10)
    for (const { exit, ended } of outcome.kills) {
      expect(exit).toEqual({ code: null, signal: 'SIGKILL' })
      expect(Math.max(...ended)).toBeLessThan(outcome.planned.length)
    }
  })

  test('was followed by each watcher in several of its lives', () => {
    for (const i of outcome.journals.keys())
      expect(new Set(outcome.kills.map(({ ended }) => ended[i])).size).toBeGreaterThan(4)
  })

  test('had on disk, at each death, all that it had told', () => {
    expect(outcome.kills.flatMap(({ faults }, i) => faults.map((fault) => `kill ${i}: ${fault}`))).toEqual([])
  })

  test('brings every task to its end, as if nothing had happened', () => {
    expect(outcome.job).toMatchObject({ state: 'succeeded', outcome: 'succeeded', progress: 1 })
    const flaws = outcome.rows.map((row, i) => {
      const planned = outcome.planned[i]
      return planned ? flawOf(planned, row) : `task ${i} was never submitted`
    })
    expect(flaws.filter((flaw) => flaw !== undefined)).toEqual([])
  })

  test('counts what is there', () => {
    expect(outcome.rows.length).toBe(outcome.planned.length)
    expect(imbalance(outcome.job, outcome.rows)).toEqual([])
  })

  test('tells each watcher the end of each task exactly once, and never goes back', () => {
    for (const { ends, faults, seq } of outcome.journals) {
      expect(faults).toEqual([])
      expect(ends.size).toBe(outcome.planned.length)
      expect(seq).toBe(outcome.job.seq)
    }
  })

  test('never changes an end that was read or told', () => {
    const { journals, samples, rows } = outcome
    expect(samples.taken).toBeGreaterThan(10)
    expect(samples.faults).toEqual([])
    expect(journals.flatMap(({ who, ends }) => brokenPromises(who, ends, rows))).toEqual([])
  })

  test('sends no more requests than it records attempts, and one at least for what succeeded', () => {
    const { job, rows, planned, requests } = outcome
    expect(strayRequests(job.id, rows, requests)).toEqual([])
    const unsent = rows.filter(
      ({ index, state }) =>
        planned[index]?.task.kind === 'http' && state === 'succeeded' && !requests.has(`${job.id}-${index}`),
    )
    expect(unsent).toEqual([])
  })

  test('keeps each job that it acknowledged, once, whatever is submitted again', () => {
    const { small, smallFaults } = outcome
    expect(small.all.length).toBeGreaterThan(50)
    expect(small.unanswered).toBeGreaterThan(0)
    expect(smallFaults).toEqual([])
  })

  test('stops when asked, and leaves a file that is whole and opens again', () => {
    expect(outcome.exit).toEqual({ code: 0, signal: null })
    expect(outcome.fileFaults).toEqual([])
  })

  test('has no error to log: deaths are expected', () => {
    expect(outcome.stderr).toContain('Rescued tasks that a dead process left running')
    expect(outcome.stderr).not.toContain('"level":"error"')
  })
})
