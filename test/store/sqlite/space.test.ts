import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { Driver } from '../driver.ts'

/** A store on a new file, and what another connection sees of that. */
const open = () => {
  const folder = temporaryFolder()
  const file = folder.file('sheaf.db')
  const store = openSqlite({ file, durability: 'normal' })
  const reader = new Database(file, { readonly: true })
  const read = (query: string) => Number(Object.values(reader.query<object, []>(query).get() ?? {})[0])
  return {
    s: new Driver(store),
    pages: () => read('pragma page_count'),
    free: () => read('pragma freelist_count'),
    rows: () => read('select count(*) from sheaf_tasks'),
    async [Symbol.asyncDispose]() {
      reader.close(true)
      await store.close()
      folder[Symbol.dispose]()
    },
  }
}

const output = JSON.stringify('x'.repeat(1_000))

/** Runs every task that waits, a thousand a commit. */
const run = async (s: Driver): Promise<void> => {
  for (let held = await s.claim(1_000); held.length > 0; ) {
    const settlements = held.map((claim) => ({ claim, result: { type: 'succeeded' as const, output } }))
    held = (await s.commit({ settlements, claim: 1_000 })).claimed
  }
}

describe('space', () => {
  test('of a large job that was deleted is given back, a bounded step in each commit', async () => {
    await using opened = open()
    const { s, pages, free, rows } = opened
    const job = await s.submit({ tasks: 20_000 })
    await run(s)
    const full = pages()
    expect(full).toBeGreaterThan(2_500)
    await s.act('delete', job)
    let before = rows()
    for (let unfinished = true; unfinished; ) {
      const pagesBefore = pages()
      unfinished = (await s.commit()).unfinished
      expect(before - rows()).toBeLessThanOrEqual(1_000)
      expect(pagesBefore - pages()).toBeLessThanOrEqual(101)
      before = rows()
    }
    expect(before).toBe(0)
    expect(free()).toBeLessThanOrEqual(1_024)
    expect(pages()).toBeLessThan(full / 2)
  })

  test('grows no more under a steady load, once as much goes as comes', async () => {
    await using opened = open()
    const { s, pages } = opened
    const sizes: number[] = []
    for (let round = 0; round < 60; round += 1) {
      await s.submit({ tasks: 300, keepMs: 10_000 })
      await run(s)
      s.now += 1_000
      await s.sweep()
      sizes.push(pages())
    }
    const early = Math.max(...sizes.slice(15, 30))
    expect(Math.max(...sizes.slice(30))).toBeLessThanOrEqual(early * 1.05)
  })
})

test('what was deleted goes by its size, too: a few large outputs are a step', async () => {
  await using opened = open()
  const { s, rows } = opened
  const job = await s.submit({ tasks: 10 })
  const large = JSON.stringify('x'.repeat(3_000_000))
  const settlements = (await s.claim()).map((claim) => ({
    claim,
    result: { type: 'succeeded' as const, output: large },
  }))
  await s.commit({ settlements })
  expect((await s.act('delete', job)).type).toBe('done')
  const left = [rows()]
  while ((await s.commit()).unfinished) left.push(rows())
  expect(left.slice(0, 3)).toEqual([7, 4, 1])
  expect(rows()).toBe(0)
})
