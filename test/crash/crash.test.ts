import { beforeAll, describe, expect, test } from 'bun:test'
import { failpoints } from '../../src/failpoint.ts'
import { killsARound } from './moments.ts'
import { brokenPromises, imbalance, strayRequests } from './rows.ts'
import { type Death, type Outcome, play } from './story.ts'
import { flawOf } from './tasks.ts'
import { latenessOf } from './ticks.ts'
import { pace } from './upstreams.ts'

const seed = Number(process.env.SHEAF_TEST_SEED ?? crypto.getRandomValues(new Uint32Array(1))[0])

/** More of them, in as many rounds as it takes: the long mode. */
const kills = Number(process.env.SHEAF_CRASH_KILLS ?? killsARound)
const rounds = Math.ceil(kills / killsARound)

describe(`a server that is killed again and again (SHEAF_TEST_SEED=${seed})`, () => {
  let outcome: Outcome

  beforeAll(async () => {
    console.log(`SHEAF_TEST_SEED=${seed} repeats this run of ${import.meta.file}.`)
    outcome = await play(seed, kills)
  }, rounds * 95_000)

  test(`died by SIGKILL ${kills} times and more, each time with the job under way`, () => {
    const killed = outcome.deaths.filter(({ exit }) => exit?.signal === 'SIGKILL')
    expect(killed.length).toBeGreaterThanOrEqual(kills)
    for (const { ended } of outcome.deaths) expect(Math.max(...ended)).toBeLessThan(outcome.planned.length)
  })

  test('died at every failpoint', () => {
    const passed = outcome.deaths.flatMap(({ moment, exit }) =>
      moment.while === 'passing' && exit?.signal === 'SIGKILL' ? moment.failpoint : [],
    )
    expect(new Set(passed)).toEqual(new Set(failpoints))
  })

  test('stops when asked in the midst of its work, and goes on in the next life', () => {
    const asked = outcome.deaths.filter(({ moment }) => moment.by === 'stop')
    expect(asked.length).toBeGreaterThanOrEqual(2)
    for (const { exit } of asked) expect(exit).toEqual({ code: 0, signal: null })
  })

  test('was followed by each watcher in several of its lives', () => {
    for (const i of outcome.journals.keys())
      expect(new Set(outcome.deaths.map(({ ended }) => ended[i])).size).toBeGreaterThan(4)
  })

  test('had on disk, at each death, all that it had told', () => {
    expect(faultsOf(outcome.deaths)).toEqual([])
  })

  test('has it on disk at any moment: a copy of the files opens with all of it', () => {
    expect(outcome.frozen.length).toBeGreaterThanOrEqual(6)
    expect(faultsOf(outcome.frozen)).toEqual([])
  })

  test('brings every task to its end, as if nothing had happened', () => {
    expect(outcome.job).toMatchObject({ state: 'succeeded', outcome: 'succeeded', progress: 1 })
    const flaws = outcome.rows.map((row, i) => {
      const planned = outcome.planned[i]
      return planned ? flawOf(planned, row, outcome.rows[i - 1]) : `task ${i} was never submitted`
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

  test('holds the rate of a queue across its lives', () => {
    expect(outcome.fastest).toBeGreaterThan(0)
    expect(outcome.fastest).toBeLessThanOrEqual(pace.limit)
  })

  test('makes one job at most for each tick of a schedule', () => {
    expect(outcome.scheduled.length).toBeGreaterThan(5)
    expect(latenessOf(outcome.scheduled)).toBeLessThan(2_000)
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

const faultsOf = (deaths: readonly Death[]) =>
  deaths.flatMap(({ moment, faults }) => faults.map((fault) => `${JSON.stringify(moment)}: ${fault}`))
